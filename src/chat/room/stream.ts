// A visit as a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { ServerResponse } from 'node:http'
import type { Log } from '../../log.ts'
import type { Visit } from './live.ts'

/** Shows both sides that the connection is there, also to proxies that end what is silent. */
const PING_MS = 25_000
/** Who takes nothing for this long is gone. */
const STALL_MS = 60_000
const OPENING = 'retry: 1000\n\n'

/** @param readRoom what the room shows now, as JSON */
export function streamOf(
  visit: Visit,
  readRoom: () => Promise<string>,
  outgoing: ServerResponse,
  log: Log,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(stalled)
    visit.leave()
  }
  outgoing.once('close', end)
  let isOpening = true
  const nextPart = async (): Promise<string | undefined> => {
    if (isOpening) return OPENING
    const news = await visit.next(PING_MS)
    if (news === 'over') return undefined
    if (news === 'nothing') return ': here\n\n'
    return `event: ${news.name}\ndata: ${news.name === 'room' ? await readRoom() : news.data}\n\n`
  }
  // Asked for the next part only once the one before it has been taken.
  return new ReadableStream(
    {
      async pull(controller) {
        clearTimeout(stalled)
        const part = await nextPart().catch((error: unknown) => {
          // The page asks again, and is told all anew.
          log.warn({ err: error }, 'a room could not be shown')
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
