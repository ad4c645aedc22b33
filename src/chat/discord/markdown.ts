// Foreign text in a Discord message: no control characters, no markup, no mention, no longer than it may be. Pure.

/** Control characters, line breaks, bidi controls, invisible marks and blanks. Joiners stay: emoji and several scripts need them. */
const UNPRINTABLE =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]+/gu
/** Text without one of these shows nothing. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u
/** What Discord gives a meaning anywhere: styles, code, spoilers, links, quotes, mentions, emoji, addresses. */
const MARKUP = /[\\*_~`|<>[\]@]|:(?=\/\/|[\w+-]+:)/g
/** What it gives one at a line's beginning: headings, small text, lists. */
const LINE_START = /^(\s*)(?:([-+#])|(\d+)\.)/

/** One line of text that shows what it says and nothing else; empty when that is nothing. */
export function cleanText(text: string): string {
  const line = text.toWellFormed().replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim()
  return VISIBLE.test(line) ? line : ''
}

/** The text, so that Discord shows every character of it as it is. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(MARKUP, '\\$&')
    .replace(LINE_START, (_all, space: string, mark?: string, digits?: string) =>
      mark ? `${space}\\${mark}` : `${space}${digits}\\.`,
    )
}

/** Foreign text cleaned and escaped, at most `longest` UTF-16 units long with its escapes; no character is cut in two. */
export function foreignText(text: string, longest: number): string {
  return cutBy(cleanText(text), longest, escapeMarkdown)
}

/** Foreign text where Discord reads no markup, such as labels of suggestions. */
export function plainText(text: string, longest: number): string {
  return cutBy(cleanText(text), longest, (part) => part)
}

function cutBy(text: string, longest: number, written: (part: string) => string): string {
  // More than this never fits; what is foreign may be megabytes.
  const part = text.slice(0, longest).toWellFormed()
  if (part.length === text.length && written(part).length <= longest) return written(part)
  const characters = [...part]
  const first = (count: number) => written(characters.slice(0, count).join('').trimEnd())
  let fits = 0
  let over = characters.length + 1
  while (over - fits > 1) {
    const middle = (fits + over) >> 1
    if (first(middle).length < longest) fits = middle
    else over = middle
  }
  return `${first(fits)}…`
}
