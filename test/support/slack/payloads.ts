// What the app is told of what people do, field by field as Slack sends it.

import { newId } from './ids.ts'
import type { Interaction } from './interaction.ts'
import type { Json } from './rules.ts'
import { messageShape } from './shapes.ts'
import type { View } from './views.ts'
import type { Channel, Message, User, Workspace, World } from './world.ts'

const isOrganisationWide = ({ grant }: Workspace) => grant?.isForOrganisation ?? false

export function commandPayload(
  world: World,
  { workspace, triggerId, responseUrl }: Interaction,
  what: { user: User; channel: Channel; command: string; text: string },
): Json {
  const { user, channel, command, text } = what
  const { enterprise } = workspace
  return {
    token: world.verificationToken,
    team_id: workspace.id,
    team_domain: workspace.domain,
    ...(enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {}),
    channel_id: channel.id,
    channel_name: channel.nameInPayloads,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: world.appId,
    is_enterprise_install: String(isOrganisationWide(workspace)),
    response_url: responseUrl,
    trigger_id: triggerId,
  }
}

function common(world: World, workspace: Workspace, user: User): Json {
  const { enterprise } = workspace
  return {
    user: { id: user.id, username: user.name, name: user.name, team_id: workspace.id },
    api_app_id: world.appId,
    token: world.verificationToken,
    team: {
      id: workspace.id,
      domain: workspace.domain,
      ...(enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {}),
    },
    enterprise: enterprise ? { id: enterprise.id, name: enterprise.name } : null,
    is_enterprise_install: isOrganisationWide(workspace),
  }
}

export function actionPayload(
  world: World,
  { workspace, triggerId, responseUrl }: Interaction,
  what: { user: User; message: Message; action: Json; state: Json },
): Json {
  const { user, message, action, state } = what
  const { channel } = message
  const isEphemeral = message.ephemeralFor !== undefined
  return {
    type: 'block_actions',
    ...common(world, workspace, user),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    },
    trigger_id: triggerId,
    channel: { id: channel.id, name: channel.nameInPayloads },
    // Of a message only one person sees, no content is told.
    ...(isEphemeral ? {} : { message: messageShape(world, message) }),
    state: { values: state },
    response_url: responseUrl,
    actions: [{ ...action, action_ts: world.newTs() }],
  }
}

export function shortcutPayload(
  world: World,
  { workspace, triggerId, responseUrl }: Interaction,
  what: { user: User; message: Message; callbackId: string },
): Json {
  const { user, message, callbackId } = what
  return {
    type: 'message_action',
    ...common(world, workspace, user),
    action_ts: world.newTs(),
    callback_id: callbackId,
    trigger_id: triggerId,
    response_url: responseUrl,
    message_ts: message.ts,
    message: messageShape(world, message),
    channel: { id: message.channel.id, name: message.channel.nameInPayloads },
  }
}

export function submissionPayload(
  world: World,
  { workspace, triggerId }: Interaction,
  what: { user: User; view: View; state: Json },
): Json {
  return {
    type: 'view_submission',
    ...common(world, workspace, what.user),
    trigger_id: triggerId,
    view: what.view.shape(world, what.state),
    response_urls: [],
  }
}

export function eventPayload(world: World, workspace: Workspace, event: Json): Json {
  const { grant, enterprise } = workspace
  const isWide = isOrganisationWide(workspace)
  return {
    token: world.verificationToken,
    team_id: workspace.id,
    ...(enterprise ? { enterprise_id: enterprise.id } : {}),
    api_app_id: world.appId,
    event: { ...event, event_ts: world.newTs() },
    type: 'event_callback',
    event_id: newId('Ev'),
    event_time: Math.floor(world.clock.now() / 1000),
    authorizations: [
      {
        enterprise_id: enterprise?.id ?? null,
        team_id: isWide ? null : workspace.id,
        user_id: grant?.botUser.id,
        is_bot: true,
        is_enterprise_install: isWide,
      },
    ],
    is_ext_shared_channel: false,
  }
}
