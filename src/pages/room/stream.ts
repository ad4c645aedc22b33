// A connection that a room is told through. When it ends it is made again; shared-stream.ts says which tab has one.
import type { RoomEvents } from '../../chat/room/wire.ts'
import { backoffMs } from '../patience.ts'
import { eventsAddress, me } from './api.ts'

export type StreamHandlers = {
  [Name in keyof RoomEvents]: (data: RoomEvents[Name]) => void
} & {
  /** The connection is gone, and being made again. */
  onAway(): void
  onNotEntered(): void
}

export type Stream = {
  /** Begins, or begins again. */
  open(): void
  close(): void
  /** Does not wait for the time that is left before it is made again. */
  hurry(): void
}

export function streamOf(roomName: string, { onAway, onNotEntered, ...handlers }: StreamHandlers): Stream {
  let source: EventSource | undefined
  let timer: number | undefined
  let tries = 0

  function close() {
    window.clearTimeout(timer)
    timer = undefined
    source?.close()
    source = undefined
  }

  function open() {
    close()
    const opened = new EventSource(eventsAddress(roomName))
    source = opened
    for (const name of ['room', 'message', 'people'] as const) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
        if (name === 'room') tries = 0
        handlers[name](JSON.parse(data))
      })
    }
    opened.addEventListener('error', async () => {
      // A browser tries again by itself where the line broke, but not where the answer was another.
      const wasAnswered = opened.readyState === EventSource.CLOSED
      opened.close()
      if (source !== opened) return
      tries++
      onAway()
      if (wasAnswered && (await isStranger())) {
        if (source !== opened) return
        close()
        return onNotEntered()
      }
      if (source === opened) timer = window.setTimeout(open, backoffMs(tries))
    })
  }

  return {
    open,
    close,
    hurry() {
      if (timer !== undefined) open()
    },
  }
}

async function isStranger(): Promise<boolean> {
  try {
    return (await me()).person === null
  } catch {
    return false
  }
}
