// The words of what a person wrote behind a command, quotes kept together. Linear in the text's length. Pure.

/** `isQuoted`: it stood in quotes, and so is what it is. */
export type Word = { text: string; isQuoted: boolean }

/** Unseen, and no part of a word: where text turns to the right or left, what joins nothing. */
const UNSEEN = /[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Phones write curly quotes, and mix them. */
const QUOTES = [`"“”„‟«»`, `'‘’‚‛`]
/** At an apostrophe within a word nothing ends. */
const CLOSINGS = QUOTES.map((quotes) => new RegExp(`[${quotes}](?![\\p{L}\\p{N}])`, 'gu'))
/** A value may be quoted alone: `stems="vocals, drums"`. */
const VALUE = /^(?:--|[—–])?[\p{L}_][\p{L}\p{N}_-]*[=:]$/u

export function wordsIn(written: string): Word[] {
  const text = written
    .toWellFormed()
    .replace(UNSEEN, '')
    .replace(/\p{Cc}/gu, ' ')
  const words: Word[] = []
  /** Of each kind of quotes, whether none closes from here on. */
  const isOver = QUOTES.map(() => false)
  const closingOf = (opening: number): number | undefined => {
    const kind = QUOTES.findIndex((quotes) => quotes.includes(text.charAt(opening) || ' '))
    const closing = CLOSINGS[kind]
    if (!closing || isOver[kind]) return undefined
    closing.lastIndex = opening + 1
    const found = closing.exec(text)
    if (!found) isOver[kind] = true
    return found?.index
  }
  const plain = /\S+/gu
  for (let found = plain.exec(text); found; found = plain.exec(text)) {
    const start = found.index
    const sign = /[=:]/.exec(found[0])?.index
    const opening = sign !== undefined && VALUE.test(found[0].slice(0, sign + 1)) ? start + sign + 1 : start
    const closing = closingOf(opening)
    if (closing === undefined) {
      words.push({ text: found[0], isQuoted: false })
      continue
    }
    // What follows without a space, such as a comma, belongs to it.
    const end = endOfWord(text, closing + 1)
    const inner = text.slice(opening + 1, closing) + text.slice(closing + 1, end)
    words.push({
      text: text.slice(start, opening) + inner.replace(/\s+/g, ' ').trim(),
      isQuoted: opening === start,
    })
    plain.lastIndex = end
  }
  return words
}

function endOfWord(text: string, from: number): number {
  const space = /\s/gu
  space.lastIndex = from
  return space.exec(text)?.index ?? text.length
}
