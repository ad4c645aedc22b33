// What people type, press and send on Slack, by signed requests and through a socket: the real Bolt, answered in time.
import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { startBot } from '../../../src/bot.ts'
import { freePort } from '../../support/free-port.ts'
import { startSlack } from '../../support/slack/server.ts'
import { buttonOf, cardsIn, createSlackBand, filesOf } from '../../support/slack-band.ts'
import { until } from '../../support/until.ts'
import { createWorld } from '../../support/world.ts'

const FLAC = { name: 'demo.flac', bytes: Buffer.from('fLaC'), mimetype: 'audio/flac' }

describe.each(['http', 'socket'] as const)('by %s', async (transport) => {
  const band = await createSlackBand({ transport })
  const { slack, workspace, world, ann } = band
  await world.script({ download: [{ do: 'succeed', seconds: 60 }] })
  const bot = await band.start()
  const boss = workspace.user({ name: 'boss', admin: true })
  /** What the person alone is told. */
  const told = async (text: string, user = ann, channel = band.channel) => {
    const asked = await slack.command(user, channel, text)
    await asked.answer
    return (await until(() => asked.told.at(-1))).text
  }
  const requests = () =>
    world.rows('select id, number::int, state, channel from requests order by number desc')

  test('a command is saved before it is acknowledged, well within three seconds', async () => {
    const asked = await band.separate()
    const { status, ackedAfterMs } = await asked.answer
    expect(await requests()).toHaveLength(1)
    expect(status).toBe(200)
    expect(ackedAfterMs).toBeLessThan(1500)
    const [saved] = await world.rows('select external_id from interactions')
    expect(saved?.['external_id']).toBe(asked.triggerId)
  })

  test.each([
    ['format=aac Some Song', /format: choose one of mp3, flac, wav/],
    ['stems=kazoo Some Song', /stems: choose among vocals, drums/],
    ['stem=vocals Some Song', /no option stem: choose among/],
    ['https://open.spotify.com/episode/37i9dQZF1DXcBWIGoYBM5M', /That is a podcast/],
    ['<https://open.spotify.com/artist/1|spotify.com>', /That is an artist/],
    ['file:///etc/passwd', /Only http and https links/],
    ['status 999999', /no such request here/],
    ['cancel 12 please', /./],
    [`model=${'x'.repeat(5000)} Song`, /model: /],
  ])('%s is answered for that person alone, and makes nothing', async (text, words) => {
    const before = (await requests()).length
    expect(await told(text)).toMatch(words)
    expect(await requests()).toHaveLength(before)
  })

  test('help says how everything is typed here', async () => {
    const text = await told('help')
    expect(text).toMatch(/\/separate &lt;song&gt; \[stems=/)
    expect(text).toMatch(/\/separate cancel \[number\]/)
    expect(text).not.toMatch(/\/separate queue/)
    expect(await told('help cancel')).toBe(text)
    expect(await told('help', boss)).toMatch(/\/separate queue/)
  })

  test('status, history and cancel, as parts of the one command', async () => {
    const [{ number } = {}] = await requests()
    expect(await told('status')).toMatch(new RegExp(`#${number}`))
    expect(await told('history')).toContain(`<@${ann.id}>`)
    expect(await told(`cancel #${number}`, workspace.user({ name: 'eve' }))).toMatch(/Only the person/)
    expect(await told(`cancel ${number}`)).toMatch(/Cancelled/)
    expect(await requests()).toMatchObject([{ state: 'cancelled' }])
  })

  test('the queues are for admins', async () => {
    expect(await told('queue pause analysis')).toMatch(/Only people who may manage/)
    expect(await told('queue pause analysis', boss)).toMatch(/Paused/)
    expect(await told('queue resume', boss)).toMatch(/Resumed/)
  })

  test('an empty command opens a form; sent, it makes the request where the command was given', async () => {
    const channel = workspace.channel()
    const asked = await slack.command(ann, channel, '')
    await asked.answer
    const view = await until(() => asked.view())
    const wrong = await slack.submit(ann, view, { song: 'ftp://somewhere/song' })
    await wrong.answer
    expect(view.isOpen).toBe(true)
    expect(view.errors).toEqual({ song: expect.stringMatching(/Only http and https/) })
    const sent = await slack.submit(ann, view, {
      song: 'A Song For The Form',
      stems: ['vocals', 'drums'],
      format: 'wav',
    })
    await sent.answer
    expect(view.isOpen).toBe(false)
    const card = await band.card(channel)
    const [row] = await world.rows('select stems, format from requests order by number desc limit 1')
    expect(row).toEqual({ stems: ['drums', 'vocals'], format: 'wav' })
    await slack.press(ann, card, buttonOf(card, 'cancel'))
  })

  test('a form takes a file, too', async () => {
    const channel = workspace.channel()
    const asked = await slack.command(ann, channel, 'analyze')
    await asked.answer
    const view = await until(() => asked.view())
    await (await slack.submit(ann, view, { file: [FLAC] })).answer
    const card = await band.card(channel)
    const [row] = await world.rows(
      'select t.source from requests r join tracks t on t.id = r.track_id order by number desc limit 1',
    )
    expect(row?.['source']).toMatchObject({ kind: 'attachment', platform: 'slack', name: 'demo.flac' })
    await slack.press(ann, card, buttonOf(card, 'cancel'))
  })

  test('the shortcut on a message takes its file of sound', async () => {
    const channel = workspace.channel()
    const message = slack.say(ann, channel, 'listen', {
      files: [{ name: 'notes.txt', bytes: Buffer.from('la la'), mimetype: 'text/plain' }, FLAC],
    })
    const used = await slack.shortcut(ann, message, 'separate_file')
    expect((await used.answer).status).toBe(200)
    const card = await band.card(channel)
    expect(card.text).toContain('demo')
    await slack.press(ann, card, buttonOf(card, 'cancel'))
    const words = await slack.shortcut(ann, slack.say(ann, channel, 'no file'), 'separate_file')
    await until(() => words.told.some(({ text }) => /no audio file/.test(text)))
  })

  test('a button pressed twice, and one that was made up', async () => {
    const channel = workspace.channel()
    await band.separate('', { channel })
    const card = await band.card(channel)
    const id = buttonOf(card, 'cancel')
    const elsewhere = slack.say(ann, workspace.channel(), 'x')
    elsewhere.blocks = JSON.parse(JSON.stringify(card.blocks).replaceAll('cancel:', 'retry:'))
    const [first, second] = await Promise.all([slack.press(ann, card, id), slack.press(ann, card, id)])
    await Promise.all([first.answer, second.answer])
    await until(() =>
      [first, second].some(({ told }) => told.some(({ text }) => /has ended already/.test(text))),
    )
    const forged = await slack.press(ann, elsewhere, buttonOf(elsewhere, 'retry'))
    await until(() => forged.told.some(({ text }) => /no such request/.test(text)))
  })

  if (transport === 'http')
    test('requests that are not Slack’s, or not of use, are refused', async () => {
      expect(await slack.sslCheck()).toBe(200)
      expect(await slack.verifyUrl()).toBe(true)
      const before = (await requests()).length
      for (const aheadSeconds of [400, -400])
        expect(await signed(slack, `${bot.url}/slack/events`, '{"type":"x"}', '', aheadSeconds)).toBe(401)
      for (const signature of ['wrong', 'old', 'none'] as const) {
        const asked = await slack.command(ann, band.channel, 'A Song', { signature })
        expect((await asked.answer).status).toBe(401)
      }
      const status = (path: string, init: { method: string; headers?: Record<string, string> }) =>
        new Promise((resolve, reject) => {
          const request = httpRequest(`${bot.url}${path}`, init, (answer) => resolve(answer.statusCode))
          request.on('error', reject).flushHeaders()
        })
      for (const body of ['null', '[]', 'payload=null', 'payload=%5B%5D', 'payload=x'])
        expect(await signed(slack, `${bot.url}/slack/events`, body)).toBe(400)
      // As fetch writes it, with its character set; and a command without a text.
      const { payload } = await slack.command(ann, band.channel, 'status')
      const { text: _, ...without } = payload
      const command = new URLSearchParams({ ...(without as Record<string, string>), trigger_id: '1.2.3' })
      expect(await signed(slack, `${bot.url}/slack/events`, command.toString(), '; charset=utf-8')).toBe(200)
      const large = { 'Content-Length': String(2 * 1024 ** 2) }
      expect(await status('/slack/events', { method: 'POST', headers: large })).toBe(413)
      expect(await status('/slack/events', { method: 'GET' })).toBe(405)
      expect(await status('/slack/install', { method: 'GET' })).toBe(404)
      expect(await requests()).toHaveLength(before)
    })
  else
    test('a connection that Slack closes, or that breaks, is opened again at once', async () => {
      for (const kind of ['warning', 'refresh_requested', 'cut'] as const) {
        const { opened } = slack.sockets
        slack.sockets.close(kind)
        await until(() => slack.sockets.opened > opened, 3)
        await slack.sockets.waitFor(1)
        expect(await told('status')).toMatch(/./)
      }
      // Slack's side may be away for a while.
      const down = slack.fail({
        route: 'apps.connections.open',
        times: 1,
        how: { kind: 'status', status: 500 },
      })
      slack.sockets.close('cut')
      await slack.sockets.waitFor(0)
      await slack.sockets.waitFor(1)
      down.remove()
      expect(await told('status')).toMatch(/./)
    })
})

async function signed(
  { signingSecret }: { signingSecret: string },
  url: string,
  body: string,
  charset = '',
  aheadSeconds = 0,
): Promise<number> {
  const time = Math.floor(Date.now() / 1000) + aheadSeconds
  const signature = createHmac('sha256', signingSecret).update(`v0:${time}:${body}`).digest('hex')
  const type = /^[[{n]/.test(body) ? 'application/json' : 'application/x-www-form-urlencoded'
  const headers = {
    'Content-Type': `${type}${charset}`,
    'X-Slack-Signature': `v0=${signature}`,
    'X-Slack-Request-Timestamp': String(time),
  }
  return (await fetch(url, { method: 'POST', body, headers })).status
}

describe('several workspaces, by OAuth', async () => {
  const slack = await startSlack()
  const port = await freePort()
  const world = await createWorld({
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_CLIENT_ID: slack.clientId,
    SLACK_CLIENT_SECRET: slack.clientSecret,
  })
  world.onClose(() => slack.close())
  await world.script({})
  const bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  await world.worker().decided
  slack.eventsUrl = `${bot.url}/slack/events`

  /** A person follows the link, and Slack sends them back. */
  const install = async (place: Parameters<typeof Object.is>[0]) => {
    slack.installing = place as typeof slack.installing
    const page = await fetch(`${bot.url}/slack/install`, { redirect: 'manual' })
    const cookie = page.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ')
    const back = await fetch(page.headers.get('location') ?? '', { redirect: 'manual' })
    return fetch(back.headers.get('location') ?? '', { headers: { cookie } })
  }
  const separated = async (workspace: ReturnType<typeof slack.workspace>) => {
    const channel = workspace.channel()
    await slack.command(workspace.user(), channel, `Song of ${workspace.id}`)
    const card = await until(() => cardsIn(channel).at(-1))
    await until(() => filesOf(card).length > 0, 40)
    return card
  }

  test('two workspaces and a whole enterprise install it, and each is served by its own token', async () => {
    const enterprise = slack.enterprise({ installed: false })
    const workspaces = [
      slack.workspace({ installed: false }),
      slack.workspace({ installed: false, enterprise: slack.enterprise({ installed: false }) }),
      slack.workspace({ installed: false, enterprise }),
    ]
    for (const place of [workspaces[0], workspaces[1], enterprise])
      expect((await install(place)).status).toBe(200)
    for (const workspace of workspaces) {
      const card = await separated(workspace)
      expect(card.user).toBe(workspace.botUserId)
    }
    const rows = await world.rows(
      'select enterprise_id, team_id, sealed from slack_installations order by installed_at',
    )
    expect(rows).toMatchObject([
      { enterprise_id: '-', team_id: workspaces[0]?.id },
      { enterprise_id: workspaces[1]?.enterprise?.id, team_id: workspaces[1]?.id },
      { enterprise_id: enterprise.id, team_id: '-' },
    ])
    for (const { sealed } of rows) expect(sealed).not.toMatch(/xoxb/)
  })

  test('a workspace that removes the app is forgotten, and may come again', async () => {
    const workspace = slack.workspace({ installed: false })
    await install(workspace)
    await (await slack.event(workspace, 'app_uninstalled')).answer
    await until(
      async () =>
        (await world.rows('select 1 from slack_installations where team_id = $1', [workspace.id])).length ===
        0,
    )
    await install(workspace)
    await separated(workspace)
  })

  test('a visit that did not begin here installs nothing', async () => {
    const before = await world.rows('select 1 from slack_installations')
    const forged = await fetch(`${bot.url}/slack/oauth_redirect?code=1.2.3&state=made-up`)
    expect(forged.status).toBeGreaterThanOrEqual(400)
    expect(await world.rows('select 1 from slack_installations')).toHaveLength(before.length)
  })
})

describe('a form that is answered late', async () => {
  const band = await createSlackBand({ env: { MAX_OPEN_REQUESTS: '1' } })
  const { slack, world, channel, ann } = band
  await world.script({ download: [{ do: 'succeed', seconds: 60 }] })
  await band.start()

  test('says in private what was wrong with it', async () => {
    await (await band.separate()).answer
    const asked = await slack.command(ann, channel, '')
    const view = await until(() => asked.view())
    const lock = await world.services.db.session()
    await lock.query('begin; lock table interactions in access exclusive mode')
    const sent = await slack.submit(ann, view, { song: 'Another Song' })
    await sent.answer
    expect(view.isOpen).toBe(false)
    await lock.end()
    await until(() => asked.told.some(({ text }) => /too many songs under way/.test(text)))
  })
})

describe('what cannot be heard', () => {
  test('a refused SLACK_APP_TOKEN ends nothing else', async () => {
    const slack = await startSlack()
    const workspace = slack.workspace()
    const world = await createWorld({
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: workspace.token,
      SLACK_APP_TOKEN: 'xapp-1-A1-1-wrong',
    })
    const bot = await startBot(world.settings, world.services, world.log)
    await until(() => slack.requests.some(({ method, error }) => method === 'apps.connections.open' && error))
    expect(bot.platforms).toContain('slack')
    await bot.stop()
    slack.problems.length = 0
    await slack.close()
  })
})
