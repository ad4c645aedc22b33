// Foreign text in a Discord message: no markup, no mention, no longer than it may be. Pure.
import { cleanText, cutBy } from '../foreign-text.ts'

/** What Discord gives a meaning anywhere: styles, code, spoilers, links, quotes, mentions, emoji, addresses. */
const MARKUP = /[\\*_~`|<>[\]@]|:(?=\/\/|[\w+-]+:)/g
/** What it gives one at a line's beginning: headings, small text, lists. */
const LINE_START = /^(\s*)(?:([-+#])|(\d+)\.)/

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
