import { describe, expect, test } from 'vitest'
import { Refused, Unreachable } from '../../src/pages/failures.ts'
import { backoffMs, waitAfter } from '../../src/pages/patience.ts'
import {
  afterTry,
  NO_UPLOADS,
  nextLook,
  reasonNotToSend,
  started,
  toStart,
  tryAnew,
  type UploadQueue,
  wakened,
  withoutUpload,
  withUpload,
} from '../../src/pages/room/upload-queue.ts'

const queueOf = (count: number): UploadQueue =>
  Array.from({ length: count }, (_, index) => index + 1).reduce(
    (queue, id) => withUpload(queue, { id, name: `${id}.mp3`, bytes: 100 }),
    NO_UPLOADS,
  )
const startable = (queue: UploadQueue, now: number) => toStart(queue, now).map(({ id }) => id)
const first = ({ uploads }: UploadQueue) => uploads[0]

describe('upload queue', () => {
  test('two at once, in their order; the next when one is there or gone', () => {
    let queue = queueOf(4)
    expect(startable(queue, 0)).toEqual([1, 2])
    queue = started(started(queue, 1), 2)
    expect(startable(queue, 0)).toEqual([])
    expect(startable(afterTry(queue, 1, { kind: 'taken' }, 0), 0)).toEqual([3])
    expect(startable(withoutUpload(queue, 2), 0)).toEqual([3])
    expect(nextLook(queue, 0)).toBeNull()
  })

  test('what was lost is sent again, later each time, at once when the connection is back', () => {
    let queue = afterTry(started(queueOf(1), 1), 1, { kind: 'lost' }, 1000, 0)
    expect(first(queue)).toMatchObject({
      state: 'waiting',
      sentBytes: 0,
      note: expect.stringMatching(/lost/),
    })
    expect(startable(queue, 1999)).toEqual([])
    expect(nextLook(queue, 1000)).toBe(2000)
    expect(startable(queue, 2000)).toEqual([1])
    queue = afterTry(started(queue, 1), 1, { kind: 'lost' }, 2000, 0)
    expect(nextLook(queue, 2000)).toBe(4000)
    expect(startable(wakened(queue), 2000)).toEqual([1])
  })

  test('a pause that the server asks for holds for all, and is no try', () => {
    const queue = afterTry(started(queueOf(3), 1), 1, { kind: 'busy', waitMs: 500 }, 1000)
    expect(startable(queue, 1499)).toEqual([])
    expect(nextLook(queue, 1000)).toBe(1500)
    expect(startable(queue, 1500)).toEqual([1, 2])
    expect(first(queue)?.tries).toBe(0)
    expect(startable(wakened(queue), 1100)).toEqual([])
  })

  test('what was refused stays as it is until somebody tries again', () => {
    const queue = afterTry(started(queueOf(1), 1), 1, { kind: 'refused', message: 'No.' }, 0)
    expect(first(queue)).toMatchObject({ state: 'failed', note: 'No.' })
    expect(startable(queue, 1e9)).toEqual([])
    expect(startable(tryAnew(queue, 1), 0)).toEqual([1])
  })

  test('what was cancelled meanwhile is not heard of again', () => {
    const queue = withoutUpload(started(queueOf(1), 1), 1)
    expect(afterTry(queue, 1, { kind: 'lost' }, 0)).toBe(queue)
  })

  test('too large and empty are refused before a byte is sent', () => {
    const limit = 500_000_000
    expect(reasonNotToSend({ name: 'a.wav', size: limit }, limit)).toBeNull()
    expect(reasonNotToSend({ name: 'a.wav', size: 5e9 }, limit)).toBe(
      'a.wav is too large: it has 5.0 GB, and at most 500 MB are taken here.',
    )
    expect(reasonNotToSend({ name: 'a.wav', size: 0 }, limit)).toMatch(/empty/)
  })
})

describe('patience', () => {
  test('waits longer each time, up to ten seconds, and not all pages alike', () => {
    expect([1, 2, 3, 4, 5, 50].map((tries) => backoffMs(tries, 0))).toEqual([
      1000, 2000, 4000, 8000, 10_000, 10_000,
    ])
    expect(backoffMs(1, 1)).toBe(750)
  })

  test('asks again only where that may change something', () => {
    expect(waitAfter(new Unreachable(), 1)).toBeGreaterThan(0)
    expect(waitAfter(new Refused(429, 'too_many_uploads', '', 2), 1)).toBe(2000)
    expect(waitAfter(new Refused(429, 'too_many_requests', '', null), 1)).toBeNull()
    expect(waitAfter(new Refused(401, 'not_entered', '', null), 1)).toBe(Number.POSITIVE_INFINITY)
    expect(waitAfter(new Refused(400, 'bad_usage', '', null), 1)).toBeNull()
    expect(waitAfter(new TypeError('a mistake of ours'), 1)).toBeNull()
  })
})
