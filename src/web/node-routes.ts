// Addresses whose handlers want Node's own request and response, as Bolt does.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { WebApp, WebEnv } from './app.ts'

export type Route = {
  method: 'GET' | 'POST'
  path: string
  /** A body that says it is larger is refused before any of it is read. */
  maxBodyBytes?: number
  handle: (request: IncomingMessage, response: ServerResponse) => unknown
}

/** A request has come whole by then. */
const BODY_MS = 30_000

export function nodeRoutes(routes: Route[]): WebApp {
  const app = new Hono<WebEnv>()
  for (const { method, path, maxBodyBytes = Number.POSITIVE_INFINITY, handle } of routes) {
    app.on(method, path, async ({ env: { incoming, outgoing } }) => {
      if (Number(incoming.headers['content-length'] ?? 0) > maxBodyBytes)
        return new Response(null, { status: 413, headers: { Connection: 'close' } })
      const late = setTimeout(() => !incoming.complete && incoming.destroy(), BODY_MS)
      outgoing.once('close', () => clearTimeout(late))
      await handle(incoming, outgoing)
      return RESPONSE_ALREADY_SENT
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method)
    app.all(path, () => new Response(null, { status: 405, headers: { Allow: allowed.join(', ') } }))
  }
  return app
}
