// /metrics: for whoever asks from this machine, and with the operator's secret from elsewhere.
import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { ERRORS } from '../errors.ts'
import type { WebApp, WebContext, WebEnv } from './app.ts'
import { isFromThisMachine } from './this-machine.ts'
import { WrongSecrets } from './wrong-secrets.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const UNSET = 'Metrics are for this machine alone: set ADMIN_SECRET to read them from elsewhere.'
const WRONG = 'Give ADMIN_SECRET along: Authorization: Bearer <ADMIN_SECRET>.'

export function metricsApp(
  { text }: { text: () => Promise<string> },
  { adminSecret }: { adminSecret: string | undefined },
): WebApp {
  const wrong = new WrongSecrets()
  /** @returns why not; undefined for who may */
  const refuse = (context: WebContext): Response | undefined => {
    if (isFromThisMachine(context)) return undefined
    const unknown = (why: string) => context.text(`${why}\n`, 401, { 'WWW-Authenticate': 'Bearer' })
    if (!adminSecret) return unknown(UNSET)
    const given = /^bearer +(.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1]
    if (given === undefined) return unknown(WRONG)
    const peer = context.env.incoming.socket.remoteAddress ?? ''
    const waitMs = wrong.waitMs(peer, Date.now())
    if (waitMs > 0)
      return context.text(`${ERRORS.too_many_attempts}\n`, 429, {
        'Retry-After': String(Math.ceil(waitMs / 1000)),
      })
    // Checksums have one length, so that comparing them tells nothing.
    if (timingSafeEqual(sha256(given), sha256(adminSecret))) return undefined
    wrong.note(peer, Date.now())
    return unknown(WRONG)
  }
  return new Hono<WebEnv>().get(
    '/metrics',
    async (context) =>
      refuse(context) ??
      context.body(await text(), 200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' }),
  )
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
