// Requests to the app over HTTP, signed as Slack signs them.
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { ACK_WITHIN_MS } from './sockets.ts'
import type { World } from './world.ts'

/** How a request is signed; all but the first the app has to refuse. */
export type Signature = 'right' | 'wrong' | 'old' | 'none'
export type HttpAnswer = {
  status: number
  afterMs: number
  text: string
  type: string
  headers: Record<string, unknown>
  lost?: 'timeout' | 'connection'
}

export async function sendSigned(
  world: World,
  url: string,
  body: string,
  more: { type: string; signature?: Signature; headers?: Record<string, string>; withinMs?: number },
): Promise<HttpAnswer> {
  const { type, signature = 'right', headers = {}, withinMs = ACK_WITHIN_MS } = more
  const startMs = Date.now()
  // Real time: the app looks at its own clock.
  const stamp = String(Math.floor(startMs / 1000) - (signature === 'old' ? 301 : 0))
  const secret = signature === 'wrong' ? 'another secret' : world.signingSecret
  const hash = createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')
  const signed = { 'X-Slack-Request-Timestamp': stamp, 'X-Slack-Signature': `v0=${hash}` }
  return await new Promise((resolve) => {
    const lose = (lost: 'timeout' | 'connection') =>
      resolve({ status: 0, afterMs: Date.now() - startMs, text: '', type: '', headers: {}, lost })
    const sent = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        'Content-Type': type,
        'Content-Length': Buffer.byteLength(body),
        'User-Agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        Accept: 'application/json,*/*',
        ...(signature === 'none' ? {} : signed),
        ...headers,
      },
    })
    const timer = setTimeout(() => {
      lose('timeout')
      sent.destroy()
    }, withinMs)
    sent.on('error', () => {
      clearTimeout(timer)
      lose('connection')
    })
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => lose('connection'))
      response.on('end', () => {
        clearTimeout(timer)
        resolve({
          status: response.statusCode ?? 0,
          afterMs: Date.now() - startMs,
          text: Buffer.concat(chunks).toString('utf8'),
          type: response.headers['content-type'] ?? '',
          headers: response.headers,
        })
      })
    })
    sent.end(body)
  })
}
