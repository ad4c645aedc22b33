// A visit as a stream of server-sent events.
import type { ServerResponse } from 'node:http'
import type { Log } from '../../log.ts'
import { eventStream } from '../../web/event-stream.ts'
import type { Visit } from './live.ts'

/** @param readRoom what the room shows now, as JSON */
export function streamOf(
  visit: Visit,
  readRoom: () => Promise<string>,
  outgoing: ServerResponse,
  log: Log,
): ReadableStream<Uint8Array> {
  const source = {
    async next(withinMs: number) {
      const news = await visit.next(withinMs)
      if (news === 'nothing' || news === 'over') return news
      return { name: news.name, data: news.name === 'room' ? await readRoom() : news.data }
    },
    leave: () => visit.leave(),
  }
  return eventStream(source, outgoing, log)
}
