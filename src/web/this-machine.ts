// Whether somebody asks from this very machine: not by a proxy, as far as it shows, and not by a name that another site has made point here.
import { isIP } from 'node:net'
import type { WebContext } from './app.ts'

/** Headers by which a proxy says that it stands between. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

export function isFromThisMachine(context: WebContext): boolean {
  const isProxied = FORWARDED.some((name) => context.req.header(name) !== undefined)
  // What the browser itself says, also where a proxy calls itself by our name.
  const origin = context.req.header('origin')
  const isElsewhere =
    origin !== undefined && !isLoopback(URL.canParse(origin) ? new URL(origin).hostname : '')
  const { remoteAddress = '' } = context.env.incoming.socket
  return (
    !isProxied && !isElsewhere && isLoopback(remoteAddress) && isLoopback(new URL(context.req.url).hostname)
  )
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')
  if (isIP(address) === 4) return address.startsWith('127.')
  return address === '::1' || address.toLowerCase() === 'localhost'
}
