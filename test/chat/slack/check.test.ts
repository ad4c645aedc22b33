// What the doctor finds out about Slack, and what it says to do.
import { afterAll, describe, expect, test } from 'vitest'
import { slackAccess } from '../../../src/chat/slack/access.ts'
import { checkSlack } from '../../../src/chat/slack/check.ts'
import { readSettings } from '../../../src/config.ts'
import { SCOPES, startSlack } from '../../support/slack/server.ts'

describe('the doctor, of Slack', async () => {
  const slack = await startSlack()
  afterAll(() => slack.close())
  const workspace = slack.workspace({ name: 'The Band' })

  const look = async (env: Record<string, string>) => {
    const settings = readSettings({ SLACK_API_URL: slack.apiUrl, ...env }, '/')
    const access = slackAccess(settings)
    if (!access) throw new Error('no Slack')
    const lines = (await checkSlack(access, settings)).map(({ state, text }) => `${state} ${text}`)
    for (const secret of Object.values(env).filter((value) => /^x/.test(value)))
      expect(lines.join('\n')).not.toContain(secret)
    return lines
  }

  test('all is well through a socket', async () => {
    expect(await look({ SLACK_BOT_TOKEN: workspace.token, SLACK_APP_TOKEN: slack.appToken })).toEqual([
      'good Slack: the bot is @stems in The Band',
      'good Slack: a connection can be opened (Socket Mode)',
    ])
  })

  test('tokens that Slack does not accept are named', async () => {
    expect(await look({ SLACK_BOT_TOKEN: 'xoxb-wrong', SLACK_APP_TOKEN: 'xapp-wrong' })).toEqual([
      expect.stringMatching(/^bad Slack: SLACK_BOT_TOKEN is not accepted \(invalid_auth\)/),
      expect.stringMatching(/^bad Slack: SLACK_APP_TOKEN is not accepted/),
    ])
    slack.problems.length = 0
  })

  test('rights that are missing are named, with where to get them', async () => {
    const without = SCOPES.filter((scope) => scope !== 'files:write' && scope !== 'users:read')
    const poor = slack.workspace({ scopes: without })
    expect(await look({ SLACK_BOT_TOKEN: poor.token, SLACK_APP_TOKEN: slack.appToken })).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^bad Slack: the bot lacks files:write; give your app this manifest/),
        expect.stringMatching(/^note Slack: without users:read/),
      ]),
    )
  })

  test('by requests, the way from Slack to here has to be there', async () => {
    const token = { SLACK_BOT_TOKEN: workspace.token }
    expect(await look(token)).toContainEqual(expect.stringMatching(/^bad Slack: commands are not heard/))
    const signed = { ...token, SLACK_SIGNING_SECRET: slack.signingSecret }
    expect(await look(signed)).toContainEqual(expect.stringMatching(/^bad Slack: PORT may be another one/))
    expect(await look({ ...signed, PORT: '3000' })).toContainEqual(
      expect.stringMatching(/^bad .*PUBLIC_URL names none/),
    )
    expect(await look({ ...signed, PORT: '3000', PUBLIC_URL: 'https://stems.example/' })).toContainEqual(
      'good Slack: requests to https://stems.example/slack/events have to reach http://127.0.0.1:3000',
    )
  })

  test('several workspaces need a page to install from', async () => {
    const client = { SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 'secret', SLACK_APP_TOKEN: slack.appToken }
    expect(await look(client)).toContainEqual(
      expect.stringMatching(
        /^bad Slack: workspaces cannot install the app, as PUBLIC_URL is no https address/,
      ),
    )
    expect(await look({ ...client, PUBLIC_URL: 'https://stems.example' })).toContainEqual(
      'good Slack: workspaces install the app at https://stems.example/slack/install',
    )
  })

  test('a Slack that is not there is told apart from a wrong token', async () => {
    const down = slack.fail({ route: /./, how: { kind: 'status', status: 503 } })
    expect(await look({ SLACK_BOT_TOKEN: workspace.token, SLACK_APP_TOKEN: slack.appToken })).toEqual([
      expect.stringMatching(/^bad Slack: it cannot be reached/),
      expect.stringMatching(/^bad Slack: it cannot be reached/),
    ])
    down.remove()
  })
})
