// The settings by which Slack is reached; none of them, no Slack.
import { type Settings, SLACK_API_URL } from '../../config.ts'

export type SlackAccess = {
  /** Ends with a slash. */
  apiUrl: string
  /** Of the one workspace that needs no installation of its own. */
  botToken: string | null
  /** The app's own credentials, by which any workspace installs it. */
  client: { id: string; secret: string } | null
}

export function slackAccess(settings: Settings): SlackAccess | undefined {
  const { SLACK_BOT_TOKEN: botToken, SLACK_CLIENT_ID: id, SLACK_CLIENT_SECRET: secret } = settings
  const client = id && secret ? { id, secret } : null
  if (!botToken && !client) return undefined
  return { apiUrl: `${settings.SLACK_API_URL.replace(/\/+$/, '')}/`, botToken: botToken ?? null, client }
}

/** Where Slack keeps people's files: the only servers that are sent the bot's token besides the API. */
export function fileOrigins({ apiUrl }: SlackAccess): string[] {
  const own = new URL(apiUrl).origin
  return ['https://files.slack.com', ...(own === new URL(SLACK_API_URL).origin ? [] : [own])]
}
