// Whether Slack can be used with these settings, tried for real: the bot's token and its rights, a connection, the addresses.
import { type Settings, SLACK_API_URL } from '../../config.ts'
import { ChatError } from '../../errors.ts'
import { bad, type Finding, good, note, setting } from '../../findings.ts'
import type { SlackAccess } from './access.ts'
import { BOT_SCOPES, EVENTS_PATH, OPTIONAL_SCOPES } from './manifest.ts'
import { slackError } from './meanings.ts'
import { createSlackWeb } from './web.ts'

const NOWHERE = { installation: null, workspace: '' }

export async function checkSlack(access: SlackAccess, settings: Settings): Promise<Finding[]> {
  return [
    ...(access.botToken ? await checkBot(access.apiUrl, access.botToken) : []),
    ...(settings.SLACK_APP_TOKEN
      ? [await checkSocket(access.apiUrl, settings.SLACK_APP_TOKEN)]
      : checkRequests(settings)),
    ...(access.client ? [checkInstalling(settings)] : []),
  ]
}

async function checkBot(apiUrl: string, token: string): Promise<Finding[]> {
  type Answer = { user: string; team: string; response_metadata?: { scopes?: string[] } }
  try {
    const { user, team, response_metadata } = await webFor(apiUrl, token).call<Answer>(
      NOWHERE,
      'auth.test',
      {},
    )
    const scopes = response_metadata?.scopes
    const without = (wanted: readonly string[]) => wanted.filter((scope) => scopes && !scopes.includes(scope))
    const [missing, optional] = [without(BOT_SCOPES), without(OPTIONAL_SCOPES)]
    return [
      good(`Slack: the bot is @${user} in ${team}`),
      ...(missing.length > 0
        ? [
            bad(
              `Slack: the bot lacks ${missing.join(', ')}; give your app this manifest and install it again`,
              'npm run manifest',
            ),
          ]
        : []),
      ...(optional.length > 0
        ? [
            note(
              `Slack: without ${optional.join(', ')} nobody counts as an admin, so only who asked may cancel`,
            ),
          ]
        : []),
    ]
  } catch (error) {
    return [failure(error, 'SLACK_BOT_TOKEN')]
  }
}

async function checkSocket(apiUrl: string, token: string): Promise<Finding> {
  try {
    await webFor(apiUrl, token).call(NOWHERE, 'apps.connections.open', {})
    return good('Slack: a connection can be opened (Socket Mode)')
  } catch (error) {
    return failure(error, 'SLACK_APP_TOKEN')
  }
}

function checkRequests({ SLACK_SIGNING_SECRET, PUBLIC_URL, HOST, PORT }: Settings): Finding[] {
  if (!SLACK_SIGNING_SECRET)
    return [
      bad(
        'Slack: commands are not heard without SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET with PUBLIC_URL and PORT',
        setting('SLACK_APP_TOKEN', 'xapp-…'),
      ),
    ]
  if (!PORT)
    return [
      bad(
        'Slack: PORT may be another one at every start, and your proxy leads to one',
        setting('PORT', '4747'),
      ),
    ]
  if (!PUBLIC_URL?.startsWith('https:'))
    return [
      bad(
        'Slack: it calls https addresses alone, and PUBLIC_URL names none that leads here',
        setting('PUBLIC_URL', 'https://stems.example.org'),
      ),
    ]
  return [
    good(
      `Slack: requests to ${PUBLIC_URL.replace(/\/+$/, '')}${EVENTS_PATH} have to reach http://${HOST}:${PORT}`,
    ),
  ]
}

function checkInstalling({ PUBLIC_URL }: Settings): Finding {
  return PUBLIC_URL?.startsWith('https:')
    ? good(`Slack: workspaces install the app at ${PUBLIC_URL.replace(/\/+$/, '')}/slack/install`)
    : bad(
        'Slack: workspaces cannot install the app, as PUBLIC_URL is no https address',
        setting('PUBLIC_URL', 'https://stems.example.org'),
      )
}

function webFor(apiUrl: string, token: string) {
  return createSlackWeb({ apiUrl, installations: { tokenOf: async () => token }, single: true })
}

function failure(error: unknown, name: string): Finding {
  if (!(error instanceof ChatError))
    return bad(
      `Slack: ${error instanceof Error ? error.message : String(error)}`,
      'LOG_LEVEL=debug npm run doctor',
    )
  const word = slackError(error)
  return word
    ? bad(`Slack: ${name} is not accepted (${word}); your app's pages show it`, setting(name, '<token>'))
    : bad(
        'Slack: it cannot be reached; check the network, and SLACK_API_URL if you have set it',
        setting('SLACK_API_URL', SLACK_API_URL),
      )
}
