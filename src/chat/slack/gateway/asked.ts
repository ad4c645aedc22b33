// What Slack says of a command, a press or a form: who asks, where, and how they may be answered. Pure.
import { createHash } from 'node:crypto'
import type { NewMessage } from '../../../store/messages.ts'
import type { Interaction } from '../../../store/requests.ts'
import { type InstallationKey, keyText } from '../../../store/slack-installations.ts'
import { SLACK_APP } from '../chat.ts'
import { SLASH_COMMAND } from '../usage.ts'

export type Asked = {
  /** Given once to every command, press and form, however often Slack tells of it. */
  triggerId: string
  person: string
  personName: string | null
  workspace: string
  /** `band` of band.slack.com. */
  domain: string | null
  channel: string
  installation: string
  /** As the workspace calls it. */
  slashCommand: string
  /** Takes five answers for the person alone, within half an hour. */
  responseUrl: string | null
}

const RESPONSE_URL_MS = 30 * 60_000 - 30_000

/** The fields of a slash command that are used; https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling */
export type SlashBody = {
  command: string
  text?: unknown
  trigger_id?: string
  user_id: string
  user_name?: string
  team_id: string
  team_domain?: string
  enterprise_id?: string
  is_enterprise_install?: string | boolean
  channel_id: string
  response_url?: string
}
/** The same of presses, shortcuts and forms. */
export type InteractiveBody = {
  trigger_id?: string
  user: { id: string; username?: string; name?: string; team_id?: string }
  team?: { id: string; domain?: string } | null
  enterprise?: { id: string } | null
  is_enterprise_install?: string | boolean
  channel?: { id: string } | null
  response_url?: string
}

export function askedBySlash(body: SlashBody): Asked {
  return {
    triggerId: body.trigger_id ?? fingerprint(body),
    person: body.user_id,
    personName: body.user_name ?? null,
    workspace: body.team_id,
    domain: body.team_domain ?? null,
    channel: body.channel_id,
    installation: keyText(keyOf(body.enterprise_id ?? null, body.team_id, body.is_enterprise_install)),
    slashCommand: body.command,
    responseUrl: body.response_url ?? null,
  }
}

export function askedBy(body: InteractiveBody): Asked {
  const { user, team, enterprise } = body
  const workspace = team?.id ?? user.team_id ?? ''
  return {
    triggerId: body.trigger_id ?? fingerprint(body),
    person: user.id,
    personName: user.username ?? user.name ?? null,
    workspace,
    domain: team?.domain ?? null,
    channel: body.channel?.id ?? '',
    installation: keyText(keyOf(enterprise?.id ?? null, workspace, body.is_enterprise_install)),
    slashCommand: SLASH_COMMAND,
    responseUrl: body.response_url ?? null,
  }
}

/** The same for every delivery of the same thing. */
function fingerprint(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex')
}

/** An installation by a whole enterprise is looked up without the team. */
export function keyOf(
  enterpriseId: string | null,
  teamId: string | null,
  isEnterpriseInstall: string | boolean | undefined,
): InstallationKey {
  const whole = isEnterpriseInstall === true || isEnterpriseInstall === 'true'
  return { enterpriseId: enterpriseId || null, teamId: whole ? null : teamId || null }
}

export function interactionOf({ triggerId, person, workspace, channel }: Asked): Interaction {
  return { platform: 'slack', app: SLACK_APP, externalId: triggerId, person, workspace, channel }
}

/** The courier posts it at once: a command cannot be answered by a message that can be edited. */
export function newMessageOf(asked: Asked): NewMessage {
  return { interactionId: asked.triggerId, maxFileBytes: null, isBegun: false, ...reachOf(asked) }
}

export function reachOf({ responseUrl, installation, personName }: Asked) {
  return {
    token: responseUrl,
    tokenExpiresAt: responseUrl ? new Date(Date.now() + RESPONSE_URL_MS) : null,
    installation,
    personName,
  }
}

/** The address of a message, as Slack's apps open it. */
export function messageLink(
  domain: string,
  { channel, messageId }: { channel: string; messageId: string },
): string {
  return `https://${domain}.slack.com/archives/${channel}/p${messageId.replace('.', '')}`
}
