// The Web API's methods that this server has: who may call them, with what, and what each does.

import { isGiven } from './body.ts'
import { invalid, refusal } from './errors.ts'
import type { Recorded } from './faults.ts'
import type { Grant } from './grant.ts'
import type { Interaction } from './interaction.ts'
import type { Json } from './rules.ts'
import { botShape, userShape } from './shapes.ts'
import { mustBeView, View } from './views.ts'
import type { World } from './world.ts'

export type Call = { grant: Grant; args: Json; request: Recorded }
/** What the answer has besides ok: true. @throws Refusal */
export type Handler = (call: Call) => Json

type Rule = { scope?: string; required: string[]; optional?: string[] }

const CONTENT = ['text', 'blocks', 'attachments', 'markdown_text', 'parse', 'link_names', 'metadata']
const POST = ['mrkdwn', 'thread_ts', 'icon_emoji', 'icon_url', 'username', 'unfurl_links', 'unfurl_media']
const PAGE = ['cursor', 'limit']
const READ = [...PAGE, 'oldest', 'latest', 'inclusive', 'include_all_metadata']

/** Scopes that depend on the channel are asked for where the channel is known. */
export const RULES: Record<string, Rule> = {
  'auth.test': { required: [] },
  'auth.revoke': { required: [], optional: ['test'] },
  'apps.uninstall': { required: ['client_id', 'client_secret'] },
  'bots.info': { scope: 'users:read', required: [], optional: ['bot'] },
  'chat.delete': { scope: 'chat:write', required: ['channel', 'ts'] },
  'chat.getPermalink': { required: ['channel', 'message_ts'] },
  'chat.postEphemeral': {
    scope: 'chat:write',
    required: ['channel', 'user'],
    optional: [...CONTENT, ...POST],
  },
  'chat.postMessage': {
    scope: 'chat:write',
    required: ['channel'],
    optional: [...CONTENT, ...POST, 'reply_broadcast'],
  },
  'chat.update': { scope: 'chat:write', required: ['channel', 'ts'], optional: CONTENT },
  'conversations.history': { required: ['channel'], optional: READ },
  'conversations.info': { required: ['channel'], optional: ['include_locale', 'include_num_members'] },
  'conversations.join': { scope: 'channels:join', required: ['channel'] },
  'conversations.members': { required: ['channel'], optional: PAGE },
  'conversations.open': {
    scope: 'im:write',
    required: ['users'],
    optional: ['return_im', 'prevent_creation'],
  },
  'conversations.replies': { required: ['channel', 'ts'], optional: READ },
  'files.completeUploadExternal': {
    scope: 'files:write',
    required: ['files'],
    optional: ['channel_id', 'channels', 'thread_ts', 'initial_comment', 'blocks', 'highlight_type'],
  },
  'files.delete': { scope: 'files:write', required: ['file'] },
  'files.getUploadURLExternal': {
    scope: 'files:write',
    required: ['filename', 'length'],
    optional: ['alt_txt', 'snippet_type'],
  },
  'files.info': { scope: 'files:read', required: ['file'], optional: PAGE },
  'team.info': { scope: 'team:read', required: [], optional: ['team'] },
  'users.info': { scope: 'users:read', required: ['user'], optional: ['include_locale'] },
  'views.open': { required: ['trigger_id', 'view'] },
}

/** @throws invalid_arguments; arguments nobody knows are noted, as Slack passes over them */
export function mustHaveArguments(world: World, method: string, args: Json): void {
  const { required, optional = [] } = RULES[method] ?? { required: [] }
  const missing = required.filter((name) => !isGiven(args[name]))
  if (missing.length > 0)
    throw invalid(
      'invalid_arguments',
      missing.map((name) => `missing required field: ${name}`),
    )
  const known = [...required, ...optional, 'token', 'team_id']
  for (const name of Object.keys(args))
    if (!known.includes(name)) world.problems.push(`${method} does not take ${name}`)
}

export function createMethods(
  world: World,
  triggers: Map<string, Interaction>,
  others: Record<string, Handler>,
): Record<string, Handler> {
  const authTest: Handler = ({ grant }) => {
    const { workspace, enterprise, botUser, botId, isForOrganisation, teamId } = grant
    const organisation = enterprise ?? workspace?.enterprise
    return {
      url: `${world.origin()}/`,
      team: (workspace ?? enterprise)?.name,
      user: botUser.name,
      team_id: teamId,
      user_id: botUser.id,
      bot_id: botId,
      ...(organisation ? { enterprise_id: organisation.id } : {}),
      is_enterprise_install: isForOrganisation,
    }
  }

  const usersInfo: Handler = ({ grant, args }) => {
    const user = world.users.get(String(args['user']))
    if (user === grant.botUser) return { user: userShape(user, grant.teamId) }
    if (!user?.workspace || !grant.reaches(user.workspace)) throw refusal('user_not_found')
    return { user: userShape(user, user.workspace.id) }
  }

  const teamInfo: Handler = ({ grant, args }) => {
    const workspace = grant.workspace ?? world.workspaces.get(String(args['team'] ?? args['team_id'] ?? ''))
    if (!workspace || !grant.reaches(workspace)) throw refusal('team_not_found')
    const { id, name, domain, enterprise } = workspace
    const organisation = enterprise ? { enterprise_id: enterprise.id, enterprise_name: enterprise.name } : {}
    return { team: { id, name, domain, email_domain: '', icon: {}, ...organisation } }
  }

  const openView: Handler = ({ grant, args }) => {
    const content = mustBeView(args['view'], grant)
    const id = String(args['trigger_id'])
    const interaction = triggers.get(id)
    if (!/^\d+\.\d+\.[0-9a-f]+$/.test(id) || !interaction?.user || !grant.reaches(interaction.workspace))
      throw refusal('invalid_trigger_id')
    if (interaction.triggerUsed) throw refusal('exchanged_trigger_id')
    if (interaction.triggerIsOld(world)) throw refusal('expired_trigger_id')
    interaction.triggerUsed = true
    interaction.modal = new View(interaction.user, grant, content)
    return { view: interaction.modal.shape(world) }
  }

  return {
    'auth.test': authTest,
    'bots.info': ({ grant, args }) => {
      if (isGiven(args['bot']) && args['bot'] !== grant.botId) throw refusal('bot_not_found')
      return { bot: botShape(world, grant) }
    },
    'users.info': usersInfo,
    'team.info': teamInfo,
    'views.open': openView,
    ...others,
  }
}
