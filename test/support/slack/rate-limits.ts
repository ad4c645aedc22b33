// Slack's rate limits: so many calls of a method in any minute of the server's clock, counted for each workspace,
// and one post a second in a channel, with a few at once.
import type { Clock } from '../discord/clock.ts'
import { Refusal } from './errors.ts'
import type { Recorded } from './faults.ts'

const MINUTE_MS = 60_000
const TIER_3 = 50
const TIER_4 = 100
const LIMITS: Record<string, number> = {
  'apps.connections.open': TIER_3,
  'auth.test': 600,
  'bots.info': TIER_3,
  'chat.delete': TIER_3,
  'chat.getPermalink': 600,
  'chat.postEphemeral': TIER_4,
  // Slack gives no number for a whole workspace: "several hundred messages per minute".
  'chat.postMessage': 300,
  'chat.update': TIER_3,
  'conversations.history': TIER_3,
  'conversations.info': TIER_3,
  'conversations.join': TIER_3,
  'conversations.members': TIER_4,
  'conversations.open': TIER_3,
  'conversations.replies': TIER_3,
  'files.completeUploadExternal': TIER_4,
  'files.delete': TIER_3,
  'files.getUploadURLExternal': TIER_4,
  'files.info': TIER_4,
  'team.info': TIER_3,
  'users.info': TIER_4,
  'views.open': TIER_4,
}
const POSTS_AT_ONCE = 5
const POST_EVERY_MS = 1000
// A timer may fire a little before its time.
const TOLERANCE_MS = 25

export type RateLimits = ReturnType<typeof createRateLimits>

export function createRateLimits(clock: Clock, rateLimited: Recorded[]) {
  const calls = new Map<string, number[]>()
  const posts = new Map<string, { left: number; atMs: number }>()
  const waits = new Map<string, number>()

  /** A 429: the method is refused until its time is over. */
  const refuse = (request: Recorded, retryAfterMs: number, key = keyOf(request)): Refusal => {
    const now = clock.now()
    const untilMs = waits.get(key) ?? 0
    if (untilMs > now + TOLERANCE_MS) request.tooSoon = true
    const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
    waits.set(key, Math.max(untilMs, now + retryAfterSeconds * 1000))
    request.retryAfterSeconds = retryAfterSeconds
    rateLimited.push(request)
    return new Refusal('ratelimited', {}, { status: 429, headers: { 'Retry-After': `${retryAfterSeconds}` } })
  }
  const mustHaveWaited = (request: Recorded, key: string) => {
    const leftMs = (waits.get(key) ?? 0) - clock.now()
    if (leftMs > TOLERANCE_MS) throw refuse(request, leftMs, key)
  }

  return {
    refuse,
    /** @throws 429 */
    count(request: Recorded): void {
      const limit = LIMITS[request.method]
      if (limit === undefined) return
      const key = keyOf(request)
      mustHaveWaited(request, key)
      const now = clock.now()
      const recent = (calls.get(key) ?? []).filter((atMs) => atMs > now - MINUTE_MS)
      calls.set(key, recent)
      const [oldest = now] = recent
      if (recent.length >= limit) throw refuse(request, oldest + MINUTE_MS - now)
      recent.push(now)
    },
    /** @throws 429 */
    countPost(request: Recorded, channelId: string): void {
      const key = `${request.method} ${channelId}`
      mustHaveWaited(request, key)
      const now = clock.now()
      const { left, atMs } = posts.get(channelId) ?? { left: POSTS_AT_ONCE, atMs: now }
      const filled = Math.min(POSTS_AT_ONCE, left + (now - atMs) / POST_EVERY_MS)
      if (filled < 1) throw refuse(request, (1 - filled) * POST_EVERY_MS, key)
      posts.set(channelId, { left: filled - 1, atMs: now })
    },
  }
}

const keyOf = ({ method, team }: Recorded) => `${method} ${team}`
