// Foreign text, such as titles, as it may be shown anywhere: one line, no control characters, no longer than it may be. Pure.

/** Control characters, line breaks, bidi controls, invisible marks and blanks. Joiners stay: emoji and several scripts need them. */
const UNPRINTABLE =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]+/gu
/** Text without one of these shows nothing. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

/** One line of text that shows what it says and nothing else; empty when that is nothing. */
export function cleanText(text: string): string {
  const line = text.toWellFormed().replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim()
  return VISIBLE.test(line) ? line : ''
}

/** Foreign text where no markup is read, such as labels of suggestions. */
export function plainText(text: string, longest: number): string {
  return cutBy(cleanText(text), longest, (part) => part)
}

/** The text cut so that `written` is at most `longest` UTF-16 units long; no character is cut in two. */
export function cutBy(text: string, longest: number, written: (part: string) => string): string {
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
