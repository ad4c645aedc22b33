// Which messages a room shows, as the server tells of them. Pure.
import type { RoomEvents, RoomMessage } from '../../chat/room/wire.ts'
import { isSettled } from './songs.ts'

export type RequestMessage = RoomMessage & { kind: 'request' }

export type Timeline = {
  /** The oldest first, each id once. */
  messages: readonly RoomMessage[]
  /** Whether the server has more before the first. */
  hasEarlier: boolean
}

/** Words of one person within this time stand below each other, without the name again. */
const CONTINUED_MS = 5 * 60_000

export const EMPTY: Timeline = { messages: [], hasEarlier: false }

/** What the room shows now. Of earlier ones that were loaded, those stay that go on without a gap and are as they will ever be. */
export function withRoom({ messages, hasEarlier }: Timeline, room: RoomEvents['room']): Timeline {
  const overlap = messages.findIndex(({ id }) => id === room.messages[0]?.id)
  const earlier = overlap < 0 ? [] : messages.slice(0, overlap)
  const kept = earlier.slice(earlier.findLastIndex((message) => !isFinal(message)) + 1)
  if (kept.length === 0) return { messages: room.messages, hasEarlier: room.hasEarlier }
  return {
    messages: [...kept, ...room.messages],
    hasEarlier: hasEarlier || kept.length < earlier.length,
  }
}

/** New, or changed. One from before all that is shown comes with the earlier ones. */
export function withMessage({ messages, hasEarlier }: Timeline, message: RoomMessage): Timeline {
  const there = messages.findIndex(({ id }) => id === message.id)
  if (there >= 0) return { messages: messages.with(there, message), hasEarlier }
  const after = messages.findLastIndex((one) => timeOf(one) <= timeOf(message))
  if (after < 0 && hasEarlier) return { messages, hasEarlier }
  return { messages: messages.toSpliced(after + 1, 0, message), hasEarlier }
}

export function withEarlier(
  { messages }: Timeline,
  page: { messages: readonly RoomMessage[]; hasEarlier: boolean },
): Timeline {
  const known = new Set(messages.map(({ id }) => id))
  return {
    messages: [...page.messages.filter(({ id }) => !known.has(id)), ...messages],
    hasEarlier: page.hasEarlier,
  }
}

/** Without the oldest of more than `most`, down to `kept`; from the first that `mustStay` on, all stay. */
export function withoutOldest(
  timeline: Timeline,
  { most, kept }: { most: number; kept: number },
  mustStay: (message: RoomMessage) => boolean,
): Timeline {
  const { messages } = timeline
  if (messages.length <= most) return timeline
  const staying = messages.findIndex(mustStay)
  const from = Math.min(messages.length - kept, staying < 0 ? Number.POSITIVE_INFINITY : staying)
  return from > 0 ? { messages: messages.slice(from), hasEarlier: true } : timeline
}

/** What each of these came after, in place: first those whose message is not shown any more. */
export function withNotes<Placed extends { after: string | undefined }>(
  messages: readonly RoomMessage[],
  notes: readonly Placed[],
): (RoomMessage | Placed)[] {
  const known = new Set(messages.map(({ id }) => id))
  const first = notes.filter(({ after }) => after === undefined || !known.has(after))
  return [
    ...first,
    ...messages.flatMap((message) => [message, ...notes.filter(({ after }) => after === message.id)]),
  ]
}

export function isContinued(before: RoomMessage | undefined, message: RoomMessage): boolean {
  if (before?.kind !== 'said' || message.kind !== 'said') return false
  return before.person.id === message.person.id && timeOf(message) - timeOf(before) < CONTINUED_MS
}

/** The message of the request with this number; of a song of a list that has none so far, the list's. */
export function messageOf({ messages }: Timeline, number: number): RequestMessage | undefined {
  const requests = messages.filter((message) => message.kind === 'request')
  return (
    requests.find(({ card }) => card.number === number) ??
    requests.find(({ card }) => card.songs?.some((song) => song.number === number))
  )
}

/** Requests that have somebody choose now, and did not before. */
export function newlyAsking(before: readonly RoomMessage[], after: readonly RoomMessage[]): RequestMessage[] {
  const asking = new Set(before.filter(isAsking).map(({ id }) => id))
  return after.filter(isAsking).filter(({ id }) => !asking.has(id))
}

function isAsking(message: RoomMessage): message is RequestMessage {
  return message.kind === 'request' && message.card.choices.length > 0
}

/** Requests that are delivered now and were not before, whether or not the page was connected meanwhile. */
export function newlyEnded(before: readonly RoomMessage[], after: readonly RoomMessage[]): RequestMessage[] {
  const states = new Map(before.map((message) => [message.id, stateOf(message)]))
  return after.filter((message): message is RequestMessage => {
    const state = stateOf(message)
    return (state === 'delivered' || state === 'failed') && states.get(message.id) !== state
  })
}

/** Nothing follows, whoever presses what. */
function isFinal(message: RoomMessage): boolean {
  if (message.kind === 'said') return true
  return message.card.state === 'delivered' && (message.card.songs ?? []).every(isSettled)
}

function stateOf(message: RoomMessage): string | undefined {
  return message.kind === 'request' ? message.card.state : undefined
}

function timeOf({ at }: RoomMessage): number {
  return Date.parse(at)
}
