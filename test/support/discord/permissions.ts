// What the bot may do where.
import { refusal } from './errors.ts'
import type { Channel } from './world.ts'

export const MAY = {
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  EMBED_LINKS: 1n << 14n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  MENTION_EVERYONE: 1n << 17n,
  MANAGE_THREADS: 1n << 34n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
} as const
export type Permission = keyof typeof MAY

/** What the invitation of the bot asks for. */
export const INVITED =
  MAY.VIEW_CHANNEL |
  MAY.SEND_MESSAGES |
  MAY.EMBED_LINKS |
  MAY.ATTACH_FILES |
  MAY.READ_MESSAGE_HISTORY |
  MAY.SEND_MESSAGES_IN_THREADS

export const hasBot = (channel: Channel) => !channel.guild || channel.guild.hasBot

/** In a direct message nothing is withheld but what only a guild has. */
export function may(channel: Channel, permission: Permission): boolean {
  if (!channel.guild) return !permission.startsWith('MANAGE') && permission !== 'MENTION_EVERYONE'
  const granted = channel.parent ? channel.parent.permissions : channel.permissions
  return (granted & MAY[permission]) !== 0n
}

/** @throws 50001 where the bot cannot look in, 50013 where it lacks one of `needs` */
export function mustBeAllowed(channel: Channel, needs: Permission[]): void {
  if (!hasBot(channel) || !may(channel, 'VIEW_CHANNEL')) throw refusal(50001)
  for (const permission of needs) {
    const inThread = permission === 'SEND_MESSAGES' && channel.isThread
    if (!may(channel, inThread ? 'SEND_MESSAGES_IN_THREADS' : permission)) throw refusal(50013)
  }
}
