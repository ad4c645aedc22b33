// Which file is sent when, and what becomes of it. Pure: times are milliseconds of one clock.

import { backoffMs } from '../patience.ts'
import { sizeInWords } from '../units.ts'

export type Upload = {
  id: number
  name: string
  bytes: number
  /** `waiting` to be sent; `uploading`; `asking` for its song to be worked on; `failed` for good. */
  state: 'waiting' | 'uploading' | 'asking' | 'failed'
  sentBytes: number
  tries: number
  notBefore: number
  /** Why it waits or has failed, in words. */
  note: string | null
}

export type UploadQueue = {
  uploads: readonly Upload[]
  /** Nothing is sent before: the server asked for a pause. */
  pausedUntil: number
}

/** What came of a try. */
export type Outcome =
  | { kind: 'taken' }
  | { kind: 'lost' }
  | { kind: 'busy'; waitMs: number }
  | { kind: 'refused'; message: string }

const AT_ONCE = 2
export const NO_UPLOADS: UploadQueue = { uploads: [], pausedUntil: 0 }

/** Why a file is not even sent; null where it is. */
export function reasonNotToSend(
  { name, size }: { name: string; size: number },
  maxUploadBytes: number,
): string | null {
  if (size === 0) return `${name} is empty: give an audio file.`
  if (size <= maxUploadBytes) return null
  return `${name} is too large: it has ${sizeInWords(size)}, and at most ${sizeInWords(maxUploadBytes)} are taken here.`
}

export function withUpload(
  queue: UploadQueue,
  { id, name, bytes }: Pick<Upload, 'id' | 'name' | 'bytes'>,
): UploadQueue {
  const upload: Upload = {
    id,
    name,
    bytes,
    state: 'waiting',
    sentBytes: 0,
    tries: 0,
    notBefore: 0,
    note: null,
  }
  return { ...queue, uploads: [...queue.uploads, upload] }
}

export function withoutUpload(queue: UploadQueue, id: number): UploadQueue {
  return { ...queue, uploads: queue.uploads.filter((upload) => upload.id !== id) }
}

export function changed(queue: UploadQueue, id: number, change: Partial<Upload>): UploadQueue {
  return {
    ...queue,
    uploads: queue.uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)),
  }
}

/** Those that are to be sent now, the first given first. */
export function toStart({ uploads, pausedUntil }: UploadQueue, now: number): Upload[] {
  if (now < pausedUntil) return []
  const free = AT_ONCE - uploads.filter(({ state }) => state === 'uploading').length
  return waiting(uploads)
    .filter(({ notBefore }) => notBefore <= now)
    .slice(0, Math.max(0, free))
}

/** When to look again; null while nothing waits for a time. */
export function nextLook({ uploads, pausedUntil }: UploadQueue, now: number): number | null {
  const times = waiting(uploads)
    .map(({ notBefore }) => Math.max(notBefore, pausedUntil))
    .filter((time) => time > now)
  return times.length > 0 ? Math.min(...times) : null
}

export function started(queue: UploadQueue, id: number): UploadQueue {
  const upload = queue.uploads.find((one) => one.id === id)
  const tries = (upload?.tries ?? 0) + 1
  return changed(queue, id, { state: 'uploading', sentBytes: 0, tries, note: null })
}

export function afterTry(
  queue: UploadQueue,
  id: number,
  outcome: Outcome,
  now: number,
  chance?: number,
): UploadQueue {
  const upload = queue.uploads.find((one) => one.id === id)
  if (!upload) return queue
  switch (outcome.kind) {
    case 'taken':
      return changed(queue, id, { state: 'asking', sentBytes: upload.bytes, note: null })
    case 'refused':
      return changed(queue, id, { state: 'failed', note: outcome.message })
    case 'lost': {
      const notBefore = now + backoffMs(upload.tries, chance)
      return changed(queue, id, {
        state: 'waiting',
        sentBytes: 0,
        notBefore,
        note: 'The connection was lost: it is sent again.',
      })
    }
    case 'busy': {
      const waits = changed(queue, id, {
        state: 'waiting',
        sentBytes: 0,
        tries: upload.tries - 1,
        note: 'Many files come in at once: it is sent in a moment.',
      })
      return { ...waits, pausedUntil: Math.max(queue.pausedUntil, now + outcome.waitMs) }
    }
  }
}

/** The connection is back: what waited for it is sent at once. */
export function wakened(queue: UploadQueue): UploadQueue {
  return { ...queue, uploads: queue.uploads.map((upload) => ({ ...upload, notBefore: 0 })) }
}

export function tryAnew(queue: UploadQueue, id: number): UploadQueue {
  return changed(queue, id, { state: 'waiting', sentBytes: 0, tries: 0, notBefore: 0, note: null })
}

function waiting(uploads: readonly Upload[]): Upload[] {
  return uploads.filter(({ state }) => state === 'waiting')
}
