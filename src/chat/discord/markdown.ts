// Text in a Discord message: what is foreign has no markup, no mention, and is no longer than it may be; links and mentions are ours. Pure.
import { cleanText, cutBy } from '../foreign-text.ts'
import { webAddress } from '../web-address.ts'

/** What Discord gives a meaning anywhere: styles, code, spoilers, links, quotes, mentions, emoji, addresses. */
const MARKUP = /[\\*_~`|<>[\]@]|:(?=\/\/|[\w+-]+:)/g
/** What it gives one at a line's beginning: headings, small text, lists. */
const LINE_START = /^(\s*)(?:([-+#])|(\d+)\.)/
const LONGEST_ADDRESS = 512

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

/** Foreign text for the words of a link, which a bracket may end even where it is escaped. */
export function foreignWords(text: string, longest: number): string {
  return foreignText(text.replaceAll('[', '(').replaceAll(']', ')'), longest)
}

/**
 * Words that lead to an address of the web.
 * @param words our own, or of `foreignWords`
 * @returns undefined where it is no such address, or has more than `longest` UTF-16 units
 */
export function linkTo(address: string | null, words: string, longest = LONGEST_ADDRESS): string | undefined {
  // A bracket would end it.
  const href = webAddress(address, ['http:', 'https:'], longest)
    ?.replaceAll('(', '%28')
    .replaceAll(')', '%29')
  return href && href.length <= longest ? `[${words}](${href})` : undefined
}

export function mentionOf(person: string): string {
  return /^\d{1,20}$/.test(person) ? `<@${person}>` : foreignText(person, 100)
}
