// What a token may do, and what an answer says when it may not.
import { refusal } from './errors.ts'
import type { Recorded } from './faults.ts'
import type { Grant } from './grant.ts'
import type { Channel, World } from './world.ts'

/** Who a token stands for. */
export function holder(
  world: World,
  token: string | undefined,
): { token: Recorded['token']; grant?: Grant | undefined } {
  if (!token) return { token: 'none' }
  if (token === world.appToken) return { token: 'app' }
  const grant = world.grants.get(token)
  return grant ? { token: 'bot', grant } : { token: 'wrong' }
}

/** @throws not_authed, invalid_auth, token_revoked, account_inactive, not_allowed_token_type */
export function mustBeValid(held: ReturnType<typeof holder>, wanted: 'bot' | 'app'): void {
  if (held.token === 'none') throw refusal('not_authed')
  if (held.token === 'wrong') throw refusal('invalid_auth')
  if (held.grant?.dead) throw refusal(held.grant.dead)
  if (held.token !== wanted) throw refusal('not_allowed_token_type')
}

/** @throws missing_scope */
export function mustHaveScope(grant: Grant, needed: string): void {
  if (!grant.scopes.includes(needed))
    throw refusal('missing_scope', { needed, provided: grant.scopes.join(',') })
}

const GROUPS = { public: 'channels', private: 'groups', im: 'im' }

/** As channels:history, groups:history, im:history. */
export const scopeFor = (channel: Channel, what: 'history' | 'read') => `${GROUPS[channel.kind]}:${what}`

/**
 * A channel the token may know of: in its workspaces, and not somebody else's.
 * @throws channel_not_found, and missing_scope where `what` asks for one that depends on the channel
 */
export function channelFor(world: World, grant: Grant, id: unknown, what?: 'history' | 'read'): Channel {
  const channel = world.channels.get(String(id ?? ''))
  if (!channel || !grant.reaches(channel.workspace)) throw refusal('channel_not_found')
  if (what) mustHaveScope(grant, scopeFor(channel, what))
  if (channel.kind !== 'public' && !channel.botIsMember) throw refusal('channel_not_found')
  return channel
}
