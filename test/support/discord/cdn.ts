// Attachments as Discord's file servers give them: whole or in ranges.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** @param cutAfterBytes where the connection breaks, though more was promised @returns the status */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { bytes: Buffer; type: string } | undefined,
  cutAfterBytes: number | undefined,
): number {
  if (!file) {
    response.writeHead(404, { 'Content-Type': 'text/plain;charset=UTF-8' })
    response.end('This content is no longer available.')
    return 404
  }
  const { length } = file.bytes
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const start = from ? Number(from) : to ? Math.max(0, length - Number(to)) : 0
  const end = from && to ? Math.min(Number(to), length - 1) : length - 1
  const isPart = Boolean(from || to)
  if (isPart && start > end) {
    response.writeHead(416, { 'Content-Range': `bytes */${length}` }).end()
    return 416
  }
  const bytes = file.bytes.subarray(start, end + 1)
  const status = isPart ? 206 : 200
  response.writeHead(status, {
    'Content-Type': file.type,
    'Content-Length': bytes.length,
    'Accept-Ranges': 'bytes',
    ...(isPart ? { 'Content-Range': `bytes ${start}-${end}/${length}` } : {}),
  })
  if (request.method === 'HEAD') response.end()
  else if (cutAfterBytes === undefined) response.end(bytes)
  else response.write(bytes.subarray(0, cutAfterBytes), () => response.destroy())
  return status
}
