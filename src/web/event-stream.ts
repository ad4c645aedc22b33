// What somebody is told of as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { ServerResponse } from 'node:http'
import type { Log } from '../log.ts'

/** `data` is one line. */
export type StreamEvent = { name: string; data: string }

/** What is told, to one reader. */
export type StreamSource = {
  /** What comes next; waits for it, but not for longer. `over` when nothing follows. */
  next(withinMs: number): Promise<StreamEvent | 'nothing' | 'over'>
  leave(): void
}

export const EVENT_STREAM = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }
/** Shows both sides that the connection is there, also to proxies that end what is silent. */
const PING_MS = 25_000
/** Who takes nothing for this long is gone. */
const STALL_MS = 60_000
const OPENING = 'retry: 1000\n\n'

/** Ends when `next` fails: the page asks again, and is told all anew. */
export function eventStream(
  source: StreamSource,
  outgoing: ServerResponse,
  log: Log,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(stalled)
    source.leave()
  }
  outgoing.once('close', end)
  let isOpening = true
  const nextPart = async (): Promise<string | undefined> => {
    if (isOpening) return OPENING
    const next = await source.next(PING_MS)
    if (next === 'over') return undefined
    return next === 'nothing' ? ': here\n\n' : `event: ${next.name}\ndata: ${next.data}\n\n`
  }
  // Asked for the next part only once the one before it has been taken.
  return new ReadableStream(
    {
      async pull(controller) {
        clearTimeout(stalled)
        const part = await nextPart().catch((error: unknown) => {
          log.warn({ err: error }, 'an event could not be told')
          return undefined
        })
        isOpening = false
        if (part === undefined) return controller.close()
        controller.enqueue(encoder.encode(part))
        stalled = setTimeout(() => outgoing.destroy(), STALL_MS)
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
