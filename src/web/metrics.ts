// /metrics: for whoever asks from this machine, and with the operator's secret from elsewhere.
import { Hono } from 'hono'
import { ERRORS } from '../errors.ts'
import type { WebApp, WebContext, WebEnv } from './app.ts'
import { secretCheck } from './secret-check.ts'
import { isFromThisMachine } from './this-machine.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const UNSET = 'Metrics are for this machine alone: set ADMIN_SECRET to read them from elsewhere.'
const WRONG = 'Give ADMIN_SECRET along: Authorization: Bearer <ADMIN_SECRET>.'

export function metricsApp(
  { text }: { text: () => Promise<string> },
  { adminSecret }: { adminSecret: string | undefined },
): WebApp {
  const check = adminSecret && secretCheck(adminSecret)
  /** @returns why not; undefined for who may */
  const refuse = (context: WebContext): Response | undefined => {
    if (isFromThisMachine(context)) return undefined
    const unknown = (why: string) => context.text(`${why}\n`, 401, { 'WWW-Authenticate': 'Bearer' })
    if (!check) return unknown(UNSET)
    const given = /^bearer +(.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1]
    if (given === undefined) return unknown(WRONG)
    const known = check(context, given)
    if (known === 'right') return undefined
    if (known === 'wrong') return unknown(WRONG)
    return context.text(`${ERRORS.too_many_attempts}\n`, 429, { 'Retry-After': String(known.waitSeconds) })
  }
  return new Hono<WebEnv>().get(
    '/metrics',
    async (context) =>
      refuse(context) ??
      context.body(await text(), 200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' }),
  )
}
