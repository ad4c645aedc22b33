// The one connection that a room is told through. When it ends it is made again, at once when the machine is back on the net or looked at.
import type { RoomEvents } from '../../chat/room/wire.ts'
import { eventsAddress, me } from './api.ts'
import { backoffMs } from './patience.ts'
import type { Line } from './until-answered.ts'

type Handlers = {
  [Name in keyof RoomEvents]: (data: RoomEvents[Name]) => void
} & {
  /** The connection is gone, and being made again. */
  onAway(): void
  onNotEntered(): void
}

export type Stream = Line & {
  /** Begins, or begins again. */
  open(): void
}

export function streamOf(roomName: string, { onAway, onNotEntered, ...handlers }: Handlers): Stream {
  const back = new EventTarget()
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
        handlers[name](JSON.parse(data))
        if (name !== 'room') return
        tries = 0
        back.dispatchEvent(new Event('back'))
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

  /** Does not wait for the time that is left. */
  function hurry() {
    if (timer !== undefined && !document.hidden) open()
  }
  window.addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
  // A page that is kept for the way back has no connection.
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) open()
  })

  return {
    back,
    open,
    onNotEntered() {
      close()
      onNotEntered()
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
