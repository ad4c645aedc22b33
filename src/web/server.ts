// The process's one web server: whoever has something to serve hands in an app of its own.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { WebApp, WebEnv } from './app.ts'
import { bareHeaders, headers } from './headers.ts'
import { nodeRoutes } from './node-routes.ts'
import { type Notice, showNotice } from './notice.ts'

/** The largest file over a slow line takes this long; other bodies have limits of their own. */
const REQUEST_MS = 4 * 3600_000
const HEADERS_MS = 15_000
const STOP_MS = 3_000
/** So that a page finds its server again after a restart. */
const USUAL_PORT = 4747

const NOTHING_HERE: Notice = {
  status: 404,
  code: 'no_such_page',
  title: 'There is nothing here',
  message: 'The address may be mistyped. The room is at the start of this site.',
}

const health = nodeRoutes([
  {
    method: 'GET',
    path: '/healthz',
    handle: (_request, response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n'),
  },
])

/**
 * @param where.port undefined: the usual one, or any that is free where that is taken
 * @param where.portSetting what sets it
 * @throws UserError `bad_settings` when the address cannot be had
 */
export async function startWebServer(
  {
    host,
    port,
    portSetting = 'PORT',
  }: { host: string; port: number | undefined; portSetting?: 'PORT' | 'METRICS_PORT' },
  apps: WebApp[],
  log: Log,
): Promise<{ url: string; stop(): Promise<void> }> {
  const app = new Hono<WebEnv>()
  app.use(headers, compress(), (context, next) => {
    context.set('log', log)
    return next()
  })
  for (const each of [health, ...apps]) app.route('/', each)
  app.notFound((context) =>
    context.req.header('Accept')?.includes('text/html')
      ? showNotice(context, NOTHING_HERE)
      : context.body(null, 404),
  )
  app.onError((error, context) => {
    log.error({ err: error, path: context.req.path }, 'a request went wrong')
    if (!context.env.outgoing.headersSent) return context.body(null, 500)
    context.env.outgoing.destroy()
    return RESPONSE_ALREADY_SENT
  })
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  let isStopping = false
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS },
    (request, response) => {
      for (const [name, value] of bareHeaders) response.setHeader(name, value)
      // Else whoever was answered last would keep the connection, and be waited for.
      response.once('close', () => isStopping && server.closeIdleConnections())
      void listener(request, response)
    },
  )
  const listen = async (wanted: number) => {
    server.listen(wanted, host)
    await once(server, 'listening')
  }
  try {
    await listen(port ?? USUAL_PORT).catch((error: NodeJS.ErrnoException) => {
      if (port !== undefined || error.code !== 'EADDRINUSE') throw error
      return listen(0)
    })
  } catch (error) {
    throw new UserError(
      'bad_settings',
      `HOST ${host} and ${portSetting} ${port ?? USUAL_PORT} cannot be served (${(error as NodeJS.ErrnoException).code}): set others.`,
    )
  }
  const { port: own } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${own}`,
    async stop() {
      isStopping = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), STOP_MS)
      await closed
      clearTimeout(late)
    },
  }
}
