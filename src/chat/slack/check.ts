// Whether Slack can be used with these settings, tried for real: the bot's token and its rights, a connection, the addresses.
import type { Settings } from '../../config.ts'
import { ChatError } from '../../errors.ts'
import { bad, type Finding, good, note } from '../../findings.ts'
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
              `Slack: the bot lacks ${missing.join(', ')}: give your app the manifest of \`npm run manifest\` and install it again`,
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
    return [bad(`Slack: ${sentenceOf(error, 'SLACK_BOT_TOKEN')}`)]
  }
}

async function checkSocket(apiUrl: string, token: string): Promise<Finding> {
  try {
    await webFor(apiUrl, token).call(NOWHERE, 'apps.connections.open', {})
    return good('Slack: a connection can be opened (Socket Mode)')
  } catch (error) {
    return bad(`Slack: ${sentenceOf(error, 'SLACK_APP_TOKEN')}`)
  }
}

function checkRequests({ SLACK_SIGNING_SECRET, PUBLIC_URL, HOST, PORT }: Settings): Finding[] {
  if (!SLACK_SIGNING_SECRET)
    return [
      bad(
        'Slack: commands are not heard: set SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET with PUBLIC_URL and PORT',
      ),
    ]
  if (!PORT) return [bad('Slack: PORT may be another one at every start: set one that your proxy leads to')]
  if (!PUBLIC_URL?.startsWith('https:'))
    return [bad('Slack: it calls https addresses alone: set PUBLIC_URL to the one that leads here')]
  return [
    good(
      `Slack: requests to ${PUBLIC_URL.replace(/\/+$/, '')}${EVENTS_PATH} have to reach http://${HOST}:${PORT}`,
    ),
  ]
}

function checkInstalling({ PUBLIC_URL }: Settings): Finding {
  return PUBLIC_URL?.startsWith('https:')
    ? good(`Slack: workspaces install the app at ${PUBLIC_URL.replace(/\/+$/, '')}/slack/install`)
    : bad('Slack: set PUBLIC_URL to an https address, so that workspaces can install the app')
}

function webFor(apiUrl: string, token: string) {
  return createSlackWeb({ apiUrl, installations: { tokenOf: async () => token }, single: true })
}

function sentenceOf(error: unknown, setting: string): string {
  if (!(error instanceof ChatError)) return error instanceof Error ? error.message : String(error)
  const word = slackError(error)
  if (word) return `${setting} is not accepted (${word}): copy it anew from your app's pages`
  return 'it cannot be reached: check the network, and SLACK_API_URL if you have set it'
}
