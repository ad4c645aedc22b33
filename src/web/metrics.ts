// /metrics: for whoever asks from this machine, and with the operator's secret from elsewhere.
import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import type { WebApp, WebContext, WebEnv } from './app.ts'
import { isFromThisMachine } from './this-machine.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const UNSET = 'Metrics are for this machine alone: set ADMIN_SECRET to read them from elsewhere.\n'
const WRONG = 'Give ADMIN_SECRET along: Authorization: Bearer <ADMIN_SECRET>.\n'

export function metricsApp(
  { text }: { text: () => Promise<string> },
  { adminSecret }: { adminSecret: string | undefined },
): WebApp {
  return new Hono<WebEnv>().get('/metrics', async (context) => {
    if (!isFromThisMachine(context) && !hasSecret(context, adminSecret))
      return context.text(adminSecret ? WRONG : UNSET, 401, { 'WWW-Authenticate': 'Bearer' })
    return context.body(await text(), 200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' })
  })
}

/** Compares checksums: they have one length, so that comparing them tells nothing. */
function hasSecret(context: WebContext, secret: string | undefined): boolean {
  const given = /^bearer +(.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1]
  if (!given || !secret) return false
  return timingSafeEqual(sha256(given), sha256(secret))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
