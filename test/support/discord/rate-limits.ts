// Discord's rate limits: fixed windows of the server's clock, one bucket a route and channel or token, one for the whole bot.
import { createHash } from 'node:crypto'
import type { Clock } from './clock.ts'
import { Refusal } from './errors.ts'

type Scope = 'user' | 'shared' | 'global'
type Where = { route: string; path: string }

/** A refusal for being too fast. `repeatedTooSoon`: the same route came again before its time was over. */
export type RateLimited = {
  route: string
  path: string
  scope: Scope
  retryAfterSeconds: number
  /** The server's time. */
  atMs: number
  code: number
  repeatedTooSoon: boolean
}

type Limit = { name: string; count: number; windowMs: number }
type Window = { startMs: number; used: number }

const BOT_WIDE: Limit = { name: 'global', count: 50, windowMs: 1000 }
const OLD_EDITS: Limit = { name: 'old-edits', count: 3, windowMs: 6000 }
const PER_TOKEN: Limit = { name: 'token', count: 5, windowMs: 5000 }
const LIMITS: Record<string, Limit> = {
  'POST /channels/{channel_id}/messages': { name: 'create', count: 5, windowMs: 5000 },
  'PATCH /channels/{channel_id}/messages/{message_id}': { name: 'edit', count: 5, windowMs: 5000 },
  'DELETE /channels/{channel_id}/messages/{message_id}': { name: 'delete', count: 5, windowMs: 1000 },
  'GET /channels/{channel_id}/messages': { name: 'list', count: 5, windowMs: 5000 },
  'GET /channels/{channel_id}/messages/{message_id}': { name: 'read', count: 5, windowMs: 5000 },
}
// A timer may fire a little before its time.
const SLACK_MS = 25

export type RateLimits = ReturnType<typeof createRateLimits>

export function createRateLimits(clock: Clock) {
  const windows = new Map<string, Window>()
  const waits = new Map<string, { untilMs: number; scope: Scope }>()
  const rateLimited: RateLimited[] = []

  const take = (key: string, limit: Limit) => {
    const now = clock.now()
    let window = windows.get(key)
    if (!window || now >= window.startMs + limit.windowMs) {
      window = { startMs: now, used: 0 }
      windows.set(key, window)
    }
    const leftMs = window.startMs + limit.windowMs - now
    const fits = window.used < limit.count
    if (fits) window.used += 1
    return { fits, leftMs, remaining: limit.count - window.used }
  }

  const refuse = (
    where: Where,
    how: { scope: Scope; retryAfterSeconds: number; code?: number; message?: string },
    headers: Record<string, string> = {},
  ): Refusal => {
    const { scope, code = 0, message = 'You are being rate limited.' } = how
    const retryAfterSeconds = Math.ceil(how.retryAfterSeconds * 1000) / 1000
    const key = code === 30046 ? `old-edits:${majorOf(where)}` : scope === 'global' ? scope : waitKey(where)
    const atMs = clock.now()
    const untilMs = waits.get(key)?.untilMs ?? 0
    const repeatedTooSoon = untilMs > atMs + SLACK_MS
    rateLimited.push({ ...where, scope, retryAfterSeconds, atMs, code, repeatedTooSoon })
    waits.set(key, { untilMs: Math.max(untilMs, atMs + retryAfterSeconds * 1000), scope })
    const body = {
      message,
      retry_after: retryAfterSeconds,
      global: scope === 'global',
      ...(code ? { code } : {}),
    }
    return new Refusal(429, body, {
      ...headers,
      'Retry-After': String(Math.ceil(retryAfterSeconds)),
      'X-RateLimit-Scope': scope,
      ...(scope === 'global' ? { 'X-RateLimit-Global': 'true' } : {}),
    })
  }

  return {
    rateLimited,
    refuse,
    /** Counts one request. @throws 429 @returns the bucket and the headers of its answer */
    count(route: string, path: string): { bucket: string; headers: Record<string, string> } {
      const where = { route, path }
      const ofToken = isOfToken(route)
      for (const key of [waitKey(where), ...(ofToken ? [] : ['global'])]) {
        const { untilMs = 0, scope = 'user' } = waits.get(key) ?? {}
        const leftMs = untilMs - clock.now()
        if (leftMs > SLACK_MS) throw refuse(where, { scope, retryAfterSeconds: leftMs / 1000 })
      }
      if (!ofToken && !route.includes('/interactions/')) {
        const all = take('global', BOT_WIDE)
        if (!all.fits) throw refuse(where, { scope: 'global', retryAfterSeconds: all.leftMs / 1000 })
      }
      const limit = ofToken ? PER_TOKEN : LIMITS[route]
      if (!limit) return { bucket: '', headers: {} }
      const { fits, leftMs, remaining } = take(`${limit.name}:${majorOf(where)}`, limit)
      const bucket = createHash('md5').update(limit.name).digest('hex')
      const headers = {
        'X-RateLimit-Limit': String(limit.count),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': ((clock.now() + leftMs) / 1000).toFixed(3),
        'X-RateLimit-Reset-After': (leftMs / 1000).toFixed(3),
        'X-RateLimit-Bucket': bucket,
      }
      if (!fits) throw refuse(where, { scope: 'user', retryAfterSeconds: leftMs / 1000 }, headers)
      return { bucket, headers }
    },
    /** @throws 30046 at the fourth edit of messages over an hour old within 6 s in a channel */
    countOldEdit(route: string, path: string, channelId: string): void {
      const { fits, leftMs } = take(`old-edits:${channelId}`, OLD_EDITS)
      const message = 'Maximum number of edits to messages older than 1 hour reached. Try again later'
      const how = { scope: 'user' as const, retryAfterSeconds: leftMs / 1000, code: 30046, message }
      if (!fits) throw refuse({ route, path }, how)
    },
  }
}

const isOfToken = (route: string) => route.includes('/webhooks/')

/** The channel, guild or token that a limit is counted for. */
const majorOf = ({ route, path }: Where) =>
  path
    .split('/')
    .slice(2, isOfToken(route) ? 4 : 3)
    .join('/')
const waitKey = (where: Where) => `${isOfToken(where.route) ? 'token' : where.route} ${majorOf(where)}`
