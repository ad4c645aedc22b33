// The process's one web server: whoever has something to serve hands in its addresses.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'

export type Route = {
  method: 'GET' | 'POST'
  path: string
  /** A body that says it is larger is refused before any of it is read. */
  maxBodyBytes?: number
  handle: (request: IncomingMessage, response: ServerResponse) => unknown
}

/** A request has come whole by then. */
const REQUEST_MS = 30_000
const STOP_MS = 3_000
const HEALTH: Route = {
  method: 'GET',
  path: '/healthz',
  handle: (_request, response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n'),
}

/** @throws UserError `bad_settings` when the address cannot be had */
export async function startWebServer(
  { host, port }: { host: string; port: number },
  routes: Route[],
  log: Log,
): Promise<{ url: string; stop(): Promise<void> }> {
  const served = [HEALTH, ...routes]
  let isStopping = false
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    // Else whoever was answered last would keep the connection, and be waited for.
    response.once('close', () => isStopping && server.closeIdleConnections())
    const path = pathOf(request)
    const here = served.filter((route) => route.path === path)
    const route = here.find(({ method }) => method === request.method)
    if (!route) return void response.writeHead(here.length > 0 ? 405 : 404).end()
    if (Number(request.headers['content-length'] ?? 0) > (route.maxBodyBytes ?? Number.POSITIVE_INFINITY))
      return void response.writeHead(413, { Connection: 'close' }).end()
    serve(route, request, response).catch((error: unknown) => {
      log.error({ err: error, path }, 'a request went wrong')
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  })
  server.listen(port, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      'bad_settings',
      `HOST ${host} and PORT ${port} cannot be served (${error.code}): set others.`,
    )
  })
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

async function serve(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await route.handle(request, response)
}

function pathOf({ url = '/' }: IncomingMessage): string | undefined {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost').pathname : undefined
}
