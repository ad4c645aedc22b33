// An independent imitation of Slack, made by others: what it lacks (limits, Socket Mode, membership) stands in `server.test.ts` beside this.
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Attachment } from '../../../src/chat/chat.ts'
import type { SlackAccess } from '../../../src/chat/slack/access.ts'
import { openSlackChat } from '../../../src/chat/slack/chat.ts'
import { installRoutes } from '../../../src/chat/slack/gateway/install.ts'
import { openInstallations } from '../../../src/chat/slack/installations.ts'
import { BOT_SCOPES } from '../../../src/chat/slack/manifest.ts'
import type { Message } from '../../../src/store/messages.ts'
import { nodeRoutes } from '../../../src/web/node-routes.ts'
import { startWebServer } from '../../../src/web/server.ts'
import { cardFor } from '../../support/card.ts'
import { claimOnSlack } from '../../support/claim-on-slack.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/until.ts'
import { createWorld, type World } from '../../support/world.ts'

const BOT_TOKEN = 'xoxb-of-the-one-workspace'
const SILENT_TOKEN = 'xoxb-that-may-not-share-files'
const BOT = 'U0STEMS'
const CLIENT = { id: '12345.67890', secret: 'the-secret-of-the-client' }
const [COMMENT, PERSON] = ['the stems of <Song> & more are ready.', 'U000000001']

type Json = Record<string, unknown>
type Said = Json & { ts: string; files?: { url_private: string }[] }

/** @param redirectUri to which it may send whoever installs the app */
async function startEmulate(world: World, redirectUri: string) {
  const seed = join(world.folder, 'seed.json')
  const app = { client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri] }
  const bot = { app_id: 'A0STEMS', name: 'Stems', bot_id: 'B0STEMS', bot_user_id: BOT }
  const token = { type: 'bot', user_id: BOT }
  await writeFile(
    seed,
    JSON.stringify({
      slack: {
        team: { name: 'The band', domain: 'band' },
        channels: [{ name: 'rehearsal' }],
        oauth_apps: [{ ...app, ...bot, scopes: BOT_SCOPES }],
        tokens: [
          { ...token, token: BOT_TOKEN, scopes: BOT_SCOPES },
          { ...token, token: SILENT_TOKEN, scopes: BOT_SCOPES.filter((scope) => scope !== 'files:write') },
        ],
        // What our manifest asks for has to do.
        strict_scopes: true,
      },
    }),
  )
  const port = await freePort()
  const program = join(import.meta.dirname, '../../../node_modules/emulate/dist/index.js')
  const args = [program, '--service', 'slack', '--port', String(port), '--seed', seed]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  world.onClose(async () => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await until(() => fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => false))
  const call = async (method: string, args: Json = {}) => {
    const answer = await fetch(`${url}/api/${method}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${BOT_TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(args),
    })
    const said = (await answer.json()) as Json & { ok: boolean }
    if (!said.ok) throw new Error(`${method}: ${JSON.stringify(said)}`)
    return said
  }
  const channels = (await call('conversations.list'))['channels'] as Json[]
  const channel = String(channels.find((one) => one['name'] === 'rehearsal')?.['id'])
  const { team_id: workspace } = await call('auth.test')
  return {
    url,
    workspace: String(workspace),
    channel,
    history: async () => (await call('conversations.history', { channel }))['messages'] as Said[],
    thread: async (ts: string | null) =>
      (await call('conversations.replies', { channel, ts }))['messages'] as Said[],
  }
}

describe('the peer called emulate', async () => {
  const world = await createWorld()
  const { services, log } = world
  // The pages' address has to be known to Slack before they are served.
  const publicUrl = `http://127.0.0.1:${await freePort()}`
  const slack = await startEmulate(world, `${publicUrl}/slack/oauth_redirect`)
  const access: SlackAccess = { apiUrl: `${slack.url}/api/`, botToken: BOT_TOKEN, client: null }

  const request = () =>
    claimOnSlack(services, { workspace: slack.workspace, channel: slack.channel, person: PERSON })
  const file = async (name: string, bytes: number): Promise<Attachment> => {
    const path = join(world.folder, `${randomUUID()}-${name}`)
    await writeFile(path, randomBytes(bytes))
    return { name, description: `The ${name}`, path, bytes }
  }

  describe('with the token of its one workspace', () => {
    const chat = openSlackChat(access, services.db)
    const card = (message: Message, percent: number) =>
      cardFor(message, {
        title: 'Night Train',
        lines: [
          { stage: 'processing', label: 'Separation', state: 'running', fraction: percent / 100, note: null },
        ],
      })

    test('a card is posted, changed five times in place, found again, and its stems come into its thread at once', async () => {
      const asked = await request()
      expect(await chat.find(asked)).toBe('absent')
      const id = await chat.post(asked, card(asked, 0))
      expect(await chat.find(asked)).toEqual({ id })
      const message = { ...asked, messageId: id }
      for (const percent of [20, 40, 60, 80, 99]) await chat.edit(message, card(message, percent))

      const shown = (await slack.history()).filter(({ ts }) => ts === id)
      expect(shown).toHaveLength(1)
      expect(shown[0]).toMatchObject({ user: BOT, text: 'Night Train: Separation 99%' })
      expect(JSON.stringify(shown)).toContain(`cancel:${message.requestId}`)
      // Edits leave out what the message is known by, and do not lose it.
      expect(await chat.find(asked)).toEqual({ id })

      const files = await Promise.all(
        ['vocals', 'drums', 'bass', 'other'].map((stem, index) =>
          file(`Band - Song (${stem}).mp3`, 70_000 + index),
        ),
      )
      const attach = () => chat.attach(message, files, COMMENT, async () => {}, new AbortController().signal)
      expect(await attach()).toEqual({ mentioned: true })
      // Whoever does it again finds that it is done.
      expect(await attach()).toEqual({ mentioned: true })

      const [parent, ...replies] = await slack.thread(id)
      expect(parent?.ts).toBe(id)
      expect(replies).toHaveLength(1)
      const [reply] = replies
      expect(reply).toMatchObject({
        thread_ts: id,
        text: `<@${PERSON}> the stems of &lt;Song&gt; &amp; more are ready.`,
      })
      expect(reply?.files).toMatchObject(
        files.map(({ name, description, bytes }) => ({ name, title: description, size: bytes })),
      )
      for (const [index, { path }] of files.entries()) {
        const answer = await fetch(reply?.files?.[index]?.url_private ?? '', {
          headers: { Authorization: (await chat.fileAuthorization(message)) ?? '' },
        })
        expect(answer.status).toBe(200)
        expect(Buffer.from(await answer.arrayBuffer()).equals(await readFile(path))).toBe(true)
      }
    })

    test('a mention comes once, however often it is made', async () => {
      const asked = await request()
      const message = { ...asked, messageId: await chat.post(asked, card(asked, 0)) }
      for (const _ of [1, 2]) await chat.mention(message, 'it *failed*.')
      const [, ...replies] = await slack.thread(message.messageId)
      expect(replies).toHaveLength(1)
      expect(replies[0]?.['text']).toContain(`<@${PERSON}> it `)
    })

    test('what is not there is gone, for edits and for files', async () => {
      const asked = await request()
      const message = { ...asked, messageId: '1700000000.000001' }
      const files = [await file('vocals.mp3', 10)]
      await expect(chat.edit(message, card(message, 1))).rejects.toMatchObject({ code: 'chat_gone' })
      await expect(
        chat.attach(message, files, COMMENT, async () => {}, new AbortController().signal),
      ).rejects.toMatchObject({ code: 'chat_gone' })
    })

    test('a channel that is none is forbidden, and who asked hears how to mend it', async () => {
      const asked = { ...(await request()), channel: 'C0NOWHERE' }
      await expect(chat.post(asked, card(asked, 0))).rejects.toMatchObject({
        code: 'chat_forbidden',
        message: expect.stringContaining('/invite @stems'),
      })
    })
  })

  test('where a right is missing, who asked hears which one', async () => {
    const chat = openSlackChat({ ...access, botToken: SILENT_TOKEN }, services.db)
    const asked = await request()
    const message = { ...asked, messageId: await chat.post(asked, cardFor(asked)) }
    const files = [await file('vocals.mp3', 10)]
    await expect(
      chat.attach(message, files, COMMENT, async () => {}, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'chat_forbidden', message: expect.stringContaining('(files:write)') })
  })

  describe('by way of the pages that install the app', async () => {
    const many: SlackAccess = { apiUrl: access.apiUrl, botToken: null, client: CLIENT }
    const installations = openInstallations(many, services.db)
    const routes = installRoutes({ apiUrl: many.apiUrl, client: CLIENT, publicUrl }, installations, log)
    const { hostname: host, port } = new URL(publicUrl)
    const server = await startWebServer({ host, port: Number(port) }, [nodeRoutes(routes)], log)
    afterAll(() => server.stop())
    const key = { enterpriseId: null, teamId: slack.workspace }

    /** What a browser does: our address, the page of Slack that it leads to, a person chosen there. @returns where Slack sends them */
    const agree = async () => {
      const page = await fetch(`${server.url}/slack/install`, { redirect: 'manual' })
      const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      const picker = await fetch(page.headers.get('location') ?? '')
      const form = new URLSearchParams()
      const html = (await picker.text()).split('</form>')[0] ?? ''
      for (const [, name = '', value = ''] of html.matchAll(/name="([^"]+)" value="([^"]*)"/g))
        form.set(name, value.replaceAll('&amp;', '&'))
      const agreed = await fetch(`${slack.url}/oauth/v2/authorize/callback`, {
        method: 'POST',
        body: form,
        redirect: 'manual',
      })
      return { back: agreed.headers.get('location') ?? '', cookie }
    }

    test('whoever comes back without the mark of their own browser installs nothing', async () => {
      const { back } = await agree()
      expect(back).toContain(`${publicUrl}/slack/oauth_redirect?code=`)
      for (const cookie of ['', 'slack-app-oauth-state=forged']) {
        const answer = await fetch(back, { headers: { cookie } })
        expect(answer.status).toBe(400)
      }
      await expect(installations.tokenOf(key)).rejects.toMatchObject({ code: 'chat_forbidden' })
    })

    test('a workspace is installed, kept sealed, and posted to with a token of its own', async () => {
      const { back, cookie } = await agree()
      const answer = await fetch(back, { headers: { cookie } })
      expect(answer.status).toBe(200)
      const token = await installations.tokenOf(key)
      expect(token).toMatch(/^xoxb-/)
      expect(token).not.toBe(BOT_TOKEN)
      expect(JSON.stringify(await world.rows('select * from slack_installations'))).not.toContain(token)

      const chat = openSlackChat(many, services.db)
      const asked = await request()
      const id = await chat.post(asked, cardFor(asked, { title: 'By installation' }))
      expect(await slack.history()).toContainEqual(
        expect.objectContaining({ ts: id, text: expect.stringContaining('By installation') }),
      )
      expect(await chat.fileAuthorization(asked)).toBe(`Bearer ${token}`)
    })

    test('the same code installs nothing twice', async () => {
      const { back, cookie } = await agree()
      await fetch(back, { headers: { cookie } })
      const token = await installations.tokenOf(key)
      const again = await fetch(back, { headers: { cookie } })
      expect(again.status).toBe(400)
      expect(await installations.tokenOf(key)).toBe(token)
    })
  })
})
