// A visit as a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { ServerResponse } from 'node:http'
import type { Visit } from './live.ts'

/** Shows both sides that the connection is there, also to proxies that end what is silent. */
const PING_MS = 25_000
/** Who takes nothing for this long is gone. */
const STALL_MS = 60_000
const RETRY_MS = 1_000

/** @param readRoom what the room shows now, as JSON */
export function streamOf(
  visit: Visit,
  readRoom: () => Promise<string>,
  outgoing: ServerResponse,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(stalled)
    visit.leave()
  }
  outgoing.once('close', end)
  let following = visit.next()
  let opening = `retry: ${RETRY_MS}\n\n`
  // Asked for the next piece only once the one before it has been taken.
  return new ReadableStream(
    {
      async pull(controller) {
        clearTimeout(stalled)
        const news = opening === '' ? await within(following, PING_MS) : 'ping'
        if (news === undefined) return controller.close()
        if (news === 'ping') controller.enqueue(encoder.encode(opening || ': here\n\n'))
        else {
          const data = news.name === 'room' ? await readRoom() : news.data
          controller.enqueue(encoder.encode(`event: ${news.name}\ndata: ${data}\n\n`))
          following = visit.next()
        }
        opening = ''
        stalled = setTimeout(() => outgoing.destroy(), STALL_MS)
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | 'ping'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'ping'>((resolve) => {
    timer = setTimeout(() => resolve('ping'), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
