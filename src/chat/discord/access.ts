// The settings by which Discord is reached; none of them, no Discord.
import type { Settings } from '../../config.ts'
import type { Shards } from './gateway/session.ts'
import type { DiscordAccess } from './rest.ts'

export function discordAccess(settings: Settings): DiscordAccess | undefined {
  const { DISCORD_API_URL: apiUrl, DISCORD_TOKEN: token, DISCORD_APPLICATION_ID: applicationId } = settings
  if (!token || !applicationId) return undefined
  // The version is the libraries' to add.
  return { apiUrl: apiUrl.replace(/\/+(v\d+\/*)?$/, ''), token, applicationId }
}

/** The share of the gateway's events that this process hears; undefined leaves it to Discord how many shards there are. */
export function discordShards({
  DISCORD_SHARDS: count,
  DISCORD_SHARD_IDS: ids,
}: Settings): Shards | undefined {
  if (count === 'auto') return undefined
  return { count, ids: ids ?? Array.from({ length: count }, (_, id) => id) }
}
