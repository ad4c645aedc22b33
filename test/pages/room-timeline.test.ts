import { describe, expect, test } from 'vitest'
import type { RoomCard, RoomEvents, RoomMessage } from '../../src/chat/room/wire.ts'
import type { Song } from '../../src/pages/room/songs.ts'
import {
  EMPTY,
  isContinued,
  messageOf,
  newlyAsking,
  newlyEnded,
  type Timeline,
  withEarlier,
  withMessage,
  withNotes,
  withoutOldest,
  withRoom,
} from '../../src/pages/room/timeline.ts'

const at = (minute: number) => new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString()
const person = { id: 'p', name: 'Maya' }
const said = (minute: number, text = ''): RoomMessage => ({
  id: `m${minute}`,
  at: at(minute),
  person,
  kind: 'said',
  text,
})
const request = (minute: number, state: RoomCard['state'], more: Partial<RoomCard> = {}): RoomMessage => ({
  id: `m${minute}`,
  at: at(minute),
  person,
  kind: 'request',
  card: { state, number: minute, choices: [], songs: null, ...more } as RoomCard,
})
const list = (minute: number, state: RoomCard['state'], songs: Partial<Song>[]) =>
  request(minute, state, { songs: songs as Song[] })
const room = (messages: RoomMessage[], hasEarlier = false): RoomEvents['room'] => ({
  name: 'main',
  you: person,
  isManager: false,
  messages,
  hasEarlier,
})
const ids = ({ messages }: Timeline) => messages.map(({ id }) => id)
const timeline = (...messages: RoomMessage[]): Timeline => ({ messages, hasEarlier: false })

describe('timeline', () => {
  test('a message takes its place by its time, or that of the one with its id', () => {
    const shown = withMessage(timeline(said(1), said(3)), said(2))
    expect(ids(shown)).toEqual(['m1', 'm2', 'm3'])
    expect(ids(withMessage(shown, said(4)))).toEqual(['m1', 'm2', 'm3', 'm4'])
    const changed = withMessage(shown, said(2, 'changed'))
    expect(ids(changed)).toEqual(ids(shown))
    expect(changed.messages[1]).toMatchObject({ text: 'changed' })
    expect(changed.messages[0]).toBe(shown.messages[0])
  })

  test('of two at the same time the one told of first is first', () => {
    const other = { ...said(1), id: 'other' }
    expect(ids(withMessage(timeline(said(1)), other))).toEqual(['m1', 'other'])
  })

  test('a change of a message that is not loaded waits for the earlier ones', () => {
    const shown = { messages: [said(5)], hasEarlier: true }
    expect(withMessage(shown, said(1))).toEqual(shown)
    expect(ids(withMessage({ ...shown, hasEarlier: false }, said(1)))).toEqual(['m1', 'm5'])
  })

  test('earlier ones come before, each once', () => {
    const shown = withEarlier(
      { messages: [said(3), said(4)], hasEarlier: true },
      { messages: [said(1), said(2), said(3)], hasEarlier: false },
    )
    expect(ids(shown)).toEqual(['m1', 'm2', 'm3', 'm4'])
    expect(shown.hasEarlier).toBe(false)
  })

  test('the room replaces what it overlaps, and what is before stays while it cannot have changed', () => {
    const shown = timeline(said(1), request(2, 'delivered'), said(3, 'old'), said(4))
    const next = withRoom(shown, room([said(3, 'new'), said(5)], true))
    expect(ids(next)).toEqual(['m1', 'm2', 'm3', 'm5'])
    expect(next.messages[2]).toMatchObject({ text: 'new' })
    expect(next.hasEarlier).toBe(false)
  })

  test.each(['working', 'ready', 'failed', 'cancelled'] as const)('what is %s may have changed', (state) => {
    const next = withRoom(timeline(said(1), request(2, state), said(3), said(4)), room([said(4)], true))
    expect(ids(next)).toEqual(['m3', 'm4'])
    expect(next.hasEarlier).toBe(true)
  })

  test('a list may change as long as one of its songs may be tried again', () => {
    const there = { state: 'delivered', number: 7 } as const
    const afterwards = (...songs: Partial<Song>[]) =>
      ids(withRoom(timeline(list(1, 'delivered', songs), said(2)), room([said(2)], true)))
    expect(afterwards(there, { state: 'failed', number: null })).toEqual(['m1', 'm2'])
    expect(afterwards(there, { state: 'failed', number: 8 })).toEqual(['m2'])
  })

  test('a song of a list comes as a new message when it is delivered, however long ago its list was asked for', () => {
    const shown = { messages: [list(1, 'working', []), said(30)], hasEarlier: true }
    const song = request(31, 'delivered')
    expect(ids(withMessage(shown, song))).toEqual(['m1', 'm30', 'm31'])
    // The page was away meanwhile, and had more than the room tells of.
    expect(ids(withRoom(timeline(said(1), said(30)), room([said(30), song], true)))).toEqual([
      'm1',
      'm30',
      'm31',
    ])
  })

  test('a request is found by its number, a song without a message by its list', () => {
    const shown = timeline(list(1, 'working', [{ number: 2 }, { number: 3 }]), request(2, 'delivered'))
    expect(messageOf(shown, 1)?.id).toBe('m1')
    expect(messageOf(shown, 2)?.id).toBe('m2')
    expect(messageOf(shown, 3)?.id).toBe('m1')
    expect(messageOf(shown, 4)).toBeUndefined()
  })

  test('tells once that there is something to choose', () => {
    const choices = [{ value: 'v', label: '', detail: '', link: '' }]
    const asking = request(1, 'working', { choices })
    expect(newlyAsking([request(1, 'working')], [asking, said(2)])).toEqual([asking])
    expect(newlyAsking([], [asking])).toEqual([asking])
    expect(newlyAsking([asking], [asking, request(3, 'working')])).toEqual([])
  })

  test('with a gap between nothing stays', () => {
    expect(ids(withRoom(timeline(said(1)), room([said(60)], true)))).toEqual(['m60'])
    expect(withRoom(EMPTY, room([]))).toEqual(EMPTY)
  })

  test('the oldest go, but none from the first that must stay', () => {
    const shown = timeline(...Array.from({ length: 10 }, (_, minute) => said(minute)))
    const limits = { most: 8, kept: 5 }
    const none = () => false
    expect(ids(withoutOldest(shown, limits, none))).toEqual(['m5', 'm6', 'm7', 'm8', 'm9'])
    expect(withoutOldest(shown, limits, none).hasEarlier).toBe(true)
    expect(ids(withoutOldest(shown, limits, ({ id }) => id === 'm3'))[0]).toBe('m3')
    expect(withoutOldest(shown, limits, ({ id }) => id === 'm0')).toBe(shown)
    expect(withoutOldest(shown, { most: 10, kept: 5 }, none)).toBe(shown)
  })

  test('tells of each end once', () => {
    const before = [request(1, 'working'), request(2, 'delivered'), request(3, 'failed')]
    const after = [
      request(1, 'delivered'),
      request(2, 'delivered'),
      request(3, 'working'),
      request(4, 'failed'),
    ]
    expect(newlyEnded(before, after).map(({ id }) => id)).toEqual(['m1', 'm4'])
    expect(newlyEnded(after, after)).toEqual([])
  })

  test('notes stay below what they came after, and come first once that is gone', () => {
    const notes = [{ after: undefined }, { after: 'm1' }, { after: 'gone' }, { after: 'm1' }]
    const [none, one, gone, other] = notes
    const [first, second] = [said(1), said(2)]
    expect(withNotes([first, second], notes)).toEqual([none, gone, first, one, other, second])
  })

  test('words of one person go on, for a while, and not below a card', () => {
    expect(isContinued(said(1), said(2))).toBe(true)
    expect(isContinued(said(1), said(9))).toBe(false)
    expect(isContinued(said(1), { ...said(2), person: { id: 'q', name: 'Maya' } })).toBe(false)
    expect(isContinued(request(1, 'delivered'), said(2))).toBe(false)
    expect(isContinued(undefined, said(2))).toBe(false)
  })
})
