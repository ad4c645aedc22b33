// What Slack is told of the app, made from the commands' definitions. Pure.
import type { AppsManifestCreateArguments } from '@slack/web-api'
import type { Command } from '../../../commands/command.ts'
import { UserError } from '../../errors.ts'
import { mainCommand } from '../command-text.ts'
import { SLASH_COMMAND, usageHint } from './usage.ts'

export type Manifest = AppsManifestCreateArguments['manifest']
type Scope = NonNullable<NonNullable<NonNullable<Manifest['oauth_config']>['scopes']>['bot']>[number]

/** Without these something that is promised does not work. */
export const BOT_SCOPES = [
  'commands',
  'chat:write',
  'files:write',
  'files:read',
  'channels:read',
  'channels:join',
  'channels:history',
  'groups:history',
  'mpim:history',
  'im:history',
] as const satisfies Scope[]
/** Who may manage a workspace is read by it; without it nobody does. */
export const OPTIONAL_SCOPES = ['users:read'] as const satisfies Scope[]

export const EVENTS_PATH = '/slack/events'
export const REDIRECT_PATH = '/slack/oauth_redirect'

export type ManifestWishes = {
  /** `http`: Slack calls our address. `socket`: we call Slack. */
  transport: 'socket' | 'http'
  publicUrl?: string | undefined
  /** Whether other workspaces may install the app. */
  oauth: boolean
  name?: string | undefined
}

const LONGEST_NAME = 35

/** @throws UserError `bad_settings` */
export function manifestOf(
  commands: readonly Command[],
  { transport, publicUrl, oauth, name = 'Sound Forge Alchemy' }: ManifestWishes,
): Manifest {
  const main = mainCommand(commands)
  if (!name.trim() || name.length > LONGEST_NAME)
    throw new UserError('bad_settings', `The name of the app has 1 to ${LONGEST_NAME} characters on Slack.`)
  const isHttp = transport === 'http'
  const address = isHttp || oauth ? addressOf(publicUrl) : ''
  const events = `${address}${EVENTS_PATH}`
  return {
    _metadata: { major_version: 2 },
    display_information: { name, description: main.description },
    features: {
      // The bot answers in its own conversation too.
      app_home: { messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: botName(name), always_online: true },
      shortcuts: commands.flatMap(({ name, description, onMessage }) =>
        onMessage === null
          ? []
          : [{ type: 'message' as const, name: onMessage, callback_id: shortcutId(name), description }],
      ),
      slash_commands: [
        {
          command: SLASH_COMMAND,
          ...(isHttp ? { url: events } : {}),
          description: main.description,
          usage_hint: usageHint(main),
          should_escape: false,
        },
      ],
    },
    oauth_config: {
      ...(oauth ? { redirect_urls: [`${address}${REDIRECT_PATH}`] } : {}),
      scopes: { bot: [...BOT_SCOPES], bot_optional: [...OPTIONAL_SCOPES] },
    },
    settings: {
      event_subscriptions: {
        ...(isHttp ? { request_url: events } : {}),
        bot_events: ['app_uninstalled', 'tokens_revoked'],
      },
      interactivity: { is_enabled: true, ...(isHttp ? { request_url: events } : {}) },
      org_deploy_enabled: oauth,
      socket_mode_enabled: !isHttp,
      token_rotation_enabled: false,
    },
  }
}

/** The text to paste into Slack's *From a manifest*. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** By this a message shortcut says which command it is for. */
export function shortcutId(commandName: string): string {
  return `${commandName}_file`
}

function addressOf(publicUrl: string | undefined): string {
  const url = publicUrl && URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (url?.protocol !== 'https:')
    throw new UserError('bad_settings', 'Slack calls https addresses alone: set PUBLIC_URL to one.')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Slack allows few characters in it. */
function botName(name: string): string {
  const letters = name
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return letters || 'stems'
}
