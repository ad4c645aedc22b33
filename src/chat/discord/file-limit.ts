// How large a file may be on a Discord server. An upload by the bot has the server's limit, whoever asked.
import { GuildPremiumTier, Routes } from 'discord-api-types/v10'
import type { DiscordRest } from './rest.ts'

const MiB = 1024 ** 2
/** What every channel takes; https://discord.com/developers/docs/reference#uploading-files */
export const FILE_BYTES = 10 * MiB
const BOOSTED_BYTES: Partial<Record<GuildPremiumTier, number>> = {
  [GuildPremiumTier.Tier2]: 50 * MiB,
  [GuildPremiumTier.Tier3]: 100 * MiB,
}
const REMEMBER_MS = 600_000

/** @returns the limit of a server in bytes; the least where it cannot be asked for */
export function createFileLimit(rest: DiscordRest): (guild: string) => Promise<number> {
  const known = new Map<string, { bytes: number; atMs: number }>()
  return async (guild) => {
    if (guild === '') return FILE_BYTES
    const remembered = known.get(guild)
    if (remembered && Date.now() - remembered.atMs < REMEMBER_MS) return remembered.bytes
    try {
      const { premium_tier } = await rest.request<{ premium_tier: GuildPremiumTier }>(
        'GET',
        Routes.guild(guild),
      )
      const bytes = BOOSTED_BYTES[premium_tier] ?? FILE_BYTES
      known.set(guild, { bytes, atMs: Date.now() })
      return bytes
    } catch {
      return FILE_BYTES
    }
  }
}
