// What changes something is taken from our own pages alone: another site's page may send the person's cookie along, and no more.
import type { MiddlewareHandler } from 'hono'
import type { WebEnv } from './app.ts'

const SAFE = new Set(['GET', 'HEAD'])

/** Browsers say where a request comes from; what is no browser has no cookie of anybody's to misuse. */
export const sameSite: MiddlewareHandler<WebEnv> = async (context, next) => {
  const site = context.req.header('sec-fetch-site')
  const origin = context.req.header('origin')
  const isForeign =
    (site !== undefined && site !== 'same-origin') ||
    (site === undefined && origin !== undefined && hostIn(origin) !== context.req.header('host'))
  if (isForeign && !SAFE.has(context.req.method)) return context.body(null, 403)
  return next()
}

function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
