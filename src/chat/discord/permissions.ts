// Discord's permissions: what the bot is invited with and needs, and who may do more than others. Pure.
import { PermissionFlagsBits } from 'discord-api-types/v10'
import type { Command } from '../../../commands/command.ts'

const { ViewChannel, SendMessages, EmbedLinks, AttachFiles, ReadMessageHistory, SendMessagesInThreads } =
  PermissionFlagsBits
const INVITED_WITH =
  ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | SendMessagesInThreads

/** Without these no stems can be delivered: the interaction's own token does not live long enough. */
const NEEDED: [bigint, string][] = [
  [ViewChannel, 'View Channel'],
  [AttachFiles, 'Attach Files'],
]

/** Who may give a command for managers, as Discord itself holds it. */
export const MANAGERS = PermissionFlagsBits.ManageGuild
const MODERATORS = MANAGERS | PermissionFlagsBits.ManageMessages

/** The names of what the bot may not do where it is asked, of what it needs. */
export function missingPermissions(appPermissions: string | undefined): string[] {
  if (appPermissions === undefined) return []
  const granted = BigInt(appPermissions)
  return NEEDED.filter(([bit]) => (granted & bit) === 0n).map(([, name]) => name)
}

/**
 * Whether a person has the right that makes a manager for this command: managing the server for those that are managers' own, moderating
 * its messages for all others, as with another person's request.
 * @param permissions undefined outside of a server
 */
export function isManager(permissions: string | undefined, access: Command['access']): boolean {
  return (BigInt(permissions ?? '0') & (access === 'managers' ? MANAGERS : MODERATORS)) !== 0n
}

export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: 'bot applications.commands',
    permissions: String(INVITED_WITH),
  })
  return `https://discord.com/oauth2/authorize?${query}`
}
