// The words of an answer's lines. What others wrote, such as titles, is kept to one line and never reads as a person, a request or an
// address.
import { songName } from '../src/domain/names.ts'
import type { RequestState } from '../src/store/requests.ts'

const LONGEST_SONG = 80

/** What a platform turns into a mention of the person. */
export function personMark(id: string): string {
  return `@{${id}}`
}

/** What a platform turns into a link to the request's message. */
function requestMark(number: number): string {
  return `#{${number}}`
}

/** What a platform turns into a link. */
export function addressMark(address: string): string {
  return `&{${address}}`
}

/** Foreign words as a part of one line, at most `longest` UTF-16 units of them. */
export function inLine(text: string, longest: number): string {
  const line = text
    // A title may be megabytes.
    .slice(0, 4 * longest)
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, ' ')
    .replace(/([@#&])(?=\{)/g, '$1 ')
    .trim()
  if (line.length <= longest) return line
  return `${line.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

export function songInLine(song: { artist: string | null; title: string }, longest = LONGEST_SONG): string {
  return inLine(songName(song), longest)
}

/** `#{12} Artist - Title` */
export function requestInLine(request: { number: number; artist: string | null; title: string }): string {
  return `${requestMark(request.number)} ${songInLine(request)}`
}

export const STATE_WORDS: Record<RequestState, string> = {
  working: 'under way',
  ready: 'ready',
  delivered: 'delivered',
  failed: 'failed',
  cancelled: 'cancelled',
}

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago` */
export function ago(then: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ago`
  const days = Math.floor(hours / 24)
  return days === 1 ? '1 day ago' : `${days} days ago`
}
