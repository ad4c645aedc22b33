// What an interaction says: who asks, where, and how its answer may be reached. Pure.
import type { APIInteraction, APIMessageComponentInteraction } from 'discord-api-types/v10'
import { UserError } from '../../../errors.ts'
import type { NewMessage } from '../../../store/messages.ts'
import type { Interaction } from '../../../store/requests.ts'
import { missingPermissions } from '../permissions.ts'

/** Of every kind but a ping, which the gateway never gets. */
export type Given = Exclude<APIInteraction, { type: 1 }> | APIMessageComponentInteraction

/** The token lives 15 minutes from its making, which was a moment ago. */
const TOKEN_MS = 15 * 60_000 - 30_000

export function interactionOf(given: Given, app: string): Interaction {
  return {
    platform: 'discord',
    app,
    externalId: given.id,
    person: (given.member?.user ?? given.user)?.id ?? '',
    workspace: given.guild_id ?? '',
    channel: given.channel?.id ?? given.channel_id ?? '',
  }
}

export function newMessageOf(given: Given): NewMessage {
  return {
    interactionId: given.id,
    token: given.token,
    tokenExpiresAt: new Date(Date.now() + TOKEN_MS),
    maxFileBytes: given.attachment_size_limit,
    installation: null,
    personName: null,
    isBegun: true,
  }
}

/** Whether stems can be delivered here, known before minutes of work. @throws UserError `missing_permissions` */
export function assertDeliverable(given: Given): void {
  if (!given.guild_id) return
  const missing = missingPermissions(given.app_permissions)
  if (missing.length > 0)
    throw new UserError(
      'missing_permissions',
      `I could not post stems here: ask somebody who manages this channel to give me ${missing.join(' and ')}, then try again.`,
    )
}

/** The address of a message, as Discord's apps open it. */
export function messageLink(of: { workspace: string; channel: string; messageId: string }): string {
  return `https://discord.com/channels/${of.workspace || '@me'}/${of.channel}/${of.messageId}`
}
