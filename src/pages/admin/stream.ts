// The connection that the page is told through. When it ends it is made again; while nobody looks at the page there is none.
import type { AdminState } from '../../web/admin/wire.ts'
import { Refused } from '../failures.ts'
import { backoffMs } from '../patience.ts'
import { check, EVENTS } from './api.ts'

type Handlers = {
  events: { [Name in keyof AdminState]: (told: AdminState[Name]) => void }
  onTold(): void
  /** The connection is gone, and being made again. */
  onAway(): void
  onNotEntered(): void
}

export function openStream({ events, onTold, onAway, onNotEntered }: Handlers): void {
  let source: EventSource | undefined
  let timer: number | undefined
  let tries = 0

  function close() {
    window.clearTimeout(timer)
    source?.close()
    source = undefined
  }

  function open() {
    close()
    const opened = new EventSource(EVENTS)
    source = opened
    for (const [name, told] of Object.entries(events))
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
        tries = 0
        told(JSON.parse(data))
        onTold()
      })
    opened.addEventListener('error', async () => {
      // A browser tries again by itself where the line broke, but not where the answer was another.
      const wasAnswered = opened.readyState === EventSource.CLOSED
      opened.close()
      if (source !== opened) return
      tries++
      onAway()
      if (wasAnswered && (await isStranger())) return onNotEntered()
      if (source === opened) timer = window.setTimeout(open, backoffMs(tries))
    })
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close()
    else open()
  })
  if (!document.hidden) open()
}

async function isStranger(): Promise<boolean> {
  try {
    await check()
    return false
  } catch (error) {
    return error instanceof Refused && error.status === 401
  }
}
