// Foreign text in a Slack message: no mention, no link, no longer than it may be. Pure.
import { cleanText, cutBy } from '../foreign-text.ts'
import { webAddress } from '../web-address.ts'

/** Slack reads mentions, links and entities from these three alone. https://docs.slack.dev/messaging/formatting-message-text#escaping */
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
/** Styles begin and end at a word's edge; a mark that shows nothing keeps them from it. */
const STYLE = /[*_~`]/g
const WORD_JOINER = '\u2060'
/** `:name:` becomes an emoji; a workspace may name its own in any script. */
const EMOJI = /:(?=[^\s:]+:)/g
/** Escaped or not, it begins a quotation. */
const QUOTATION = /^&gt;/gm

/** The text, so that Slack shows every character of it as it is. */
export function escapeMrkdwn(text: string): string {
  return text
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replace(STYLE, `${WORD_JOINER}$&${WORD_JOINER}`)
    .replace(EMOJI, `:${WORD_JOINER}`)
    .replace(QUOTATION, `${WORD_JOINER}$&`)
}

/** Foreign text cleaned and escaped, at most `longest` UTF-16 units long with its escapes; no character is cut in two. */
export function foreignMrkdwn(text: string, longest: number): string {
  return cutBy(cleanText(text), longest, escapeMrkdwn)
}

/** Foreign text for the words of a link, where another bar would not be one of them. */
export function foreignWords(text: string, longest: number): string {
  return foreignMrkdwn(text.replaceAll('|', '¦'), longest)
}

/**
 * Words that lead to an address of the web.
 * @param words our own, or of `foreignWords`
 * @returns undefined where it is no such address, or all of it has more than `longest` UTF-16 units
 */
export function webLink(address: string | null, words: string, longest: number): string | undefined {
  const href = webAddress(address, ['http:', 'https:'], longest)
  const link = href && linkTo(href, words)
  // With its escapes it may be five times as long.
  return link && link.length <= longest ? link : undefined
}

/** @returns `<address|words>`; the words are our own, or of `foreignWords` */
export function linkTo(address: string, words: string): string {
  return `<${linked(address)}|${words}>`
}

/** The address, to be clicked. */
export function addressLink(address: string): string {
  return `<${linked(address)}>`
}

function linked(address: string): string {
  return address.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C').replaceAll('&', '&amp;')
}

export function mentionOf(person: string): string {
  return /^[UW][A-Z0-9]{1,30}$/.test(person) ? `<@${person}>` : foreignMrkdwn(person, 100)
}
