// Stands between an S3 store and whoever asks it: notes what is asked, and spoils one answer or one request where a test wants it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** The body of the next one that fits comes other than it was sent, or ends in the middle. */
type Fault = { method: string; in: 'request' | 'answer'; how: 'changed' | 'cut' }

export type S3Proxy = Awaited<ReturnType<typeof openS3Proxy>>

export async function openS3Proxy(port: number) {
  const asked: string[] = []
  const faults: Fault[] = []
  const take = (method: string, place: Fault['in']) => {
    const at = faults.findIndex((fault) => fault.method === method && fault.in === place)
    return at < 0 ? undefined : faults.splice(at, 1)[0]?.how
  }
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    asked.push(`${method} ${url}`)
    const forward = send({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      void spoil(answer, take(method, 'answer'), outgoing)
    })
    forward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forward.destroy())
    void spoil(incoming, take(method, 'request'), forward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** `METHOD /path?query`, in order. */
    asked,
    spoilNext: (fault: Fault) => faults.push(fault),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function spoil(from: IncomingMessage, how: Fault['how'] | undefined, to: Writable): Promise<void> {
  const spoiled = async function* (chunks: AsyncIterable<Buffer>) {
    let isFirst = true
    for await (const chunk of chunks) {
      if (how === 'changed' && isFirst) chunk[0] = (chunk[0] ?? 0) ^ 1
      if (how === 'cut' && !isFirst) throw new Error('cut')
      isFirst = false
      yield chunk
    }
  }
  await pipeline(from, spoiled, to).catch(() => {})
}
