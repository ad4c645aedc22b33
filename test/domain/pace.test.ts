import { describe, expect, test } from 'vitest'
import { Pace, type Paced, type Pacing } from '../../src/domain/pace.ts'

const pacing: Pacing = {
  firstSeconds: 1,
  messageSeconds: 5,
  channel: { edits: 2, seconds: 5 },
  workspace: { edits: 3, seconds: 60 },
  app: { edits: 100, seconds: 1 },
  old: { afterSeconds: 3600, messageSeconds: 10, channel: { edits: 1, seconds: 6 } },
}
const message = (over: Partial<Paced> = {}): Paced => ({
  messageId: 'm',
  channel: 'c',
  workspace: 'w',
  createdAt: new Date(0),
  editedAt: null,
  ...over,
})

describe('pace', () => {
  test('a message waits since it was last shown, longer when it is old', () => {
    const pace = new Pace(pacing)
    expect(pace.mayEditAt(message(), 500)).toBe(1000)
    expect(pace.mayEditAt(message({ editedAt: new Date(1000) }), 2000)).toBe(6000)
    expect(pace.mayEditAt(message({ editedAt: new Date(3_700_000) }), 3_701_000)).toBe(3_710_000)
  })

  test('a channel and a workspace are shared, each within its window; another channel is not held up', () => {
    const pace = new Pace(pacing)
    pace.reserve(message(), 0)
    pace.reserve(message(), 1000)
    expect(pace.mayEditAt(message(), 1000)).toBe(5000)
    expect(pace.mayEditAt(message({ channel: 'd' }), 1000)).toBe(1000)
    pace.reserve(message({ channel: 'd' }), 1000)
    expect(pace.mayEditAt(message({ channel: 'e' }), 1000)).toBe(60_000)
    expect(pace.mayEditAt(message({ channel: 'e', workspace: 'v' }), 1000)).toBe(1000)
  })

  test('a reservation can be taken back, and a pause asked for is kept', () => {
    const pace = new Pace(pacing)
    pace.reserve(message(), 0)
    const release = pace.reserve(message(), 1000)
    release()
    expect(pace.mayEditAt(message(), 1000)).toBe(1000)
    pace.block(message(), 'channel', 9000)
    expect(pace.mayEditAt(message(), 1000)).toBe(9000)
    expect(pace.mayEditAt(message({ channel: 'd' }), 1000)).toBe(1000)
    pace.forget(9000)
    expect(pace.mayEditAt(message(), 9000)).toBe(9000)
  })

  test('posts count in their channel, and not among the edits of a workspace', () => {
    const pace = new Pace(pacing)
    for (const channel of ['a', 'b', 'c']) pace.reserve(message({ channel, messageId: null }), 1000)
    expect(pace.mayEditAt(message({ channel: 'd' }), 1000)).toBe(1000)
    pace.reserve(message({ channel: 'a', messageId: null }), 1000)
    expect(pace.mayEditAt(message({ channel: 'a', messageId: null }), 1000)).toBe(6000)
  })

  test('a pause for a workspace holds in all its channels', () => {
    const pace = new Pace(pacing)
    pace.block(message(), 'workspace', 9000)
    expect(pace.mayEditAt(message({ channel: 'd' }), 1000)).toBe(9000)
    expect(pace.mayEditAt(message({ workspace: 'v' }), 1000)).toBe(1000)
  })

  test('old messages share a narrower budget of their channel', () => {
    const pace = new Pace(pacing)
    const nowMs = 4_000_000
    pace.reserve(message(), nowMs)
    expect(pace.mayEditAt(message(), nowMs)).toBe(nowMs + 6000)
    expect(pace.mayEditAt(message({ createdAt: new Date(nowMs - 2000) }), nowMs)).toBe(nowMs)
  })
})
