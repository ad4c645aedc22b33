// The room by its addresses: who gets in, what is said and asked for there, and what becomes of bad input.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startBot } from '../../../src/bot.ts'
import { enterRoom } from '../../support/room-visitor.ts'
import { until } from '../../support/until.ts'
import { createWorld } from '../../support/world.ts'

const ACCESS = 'let-the-band-come-in'
const ADMIN = 'who-runs-all-of-this'

async function openRoom(env: Record<string, string> = {}) {
  const world = await createWorld({ PORT: '0', ...env })
  const bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  return { world, bot, url: bot.url }
}

describe('in the room', async () => {
  const { world, url } = await openRoom({ ADMIN_SECRET: ADMIN })
  const ann = await enterRoom(url, 'Ann')
  const ben = await enterRoom(url, 'Ben <script>')
  world.worker()

  test('people see what others say, at once and when they come later, in their own room only', async () => {
    const there = await ann.visit('duo')
    const elsewhere = await ann.visit('solo')
    await ben.say('hello <b>', { room: 'duo' })
    await until(() => there.said().includes('hello <b>'))
    const later = await ben.visit('duo')
    expect(later.said()).toEqual(['hello <b>'])
    expect([...later.page.messages.values()][0]).toMatchObject({ person: { name: 'Ben <script>' } })
    await until(() => there.page.names.length === 2)
    expect(there.page.names).toEqual(['Ann', 'Ben <script>'])
    expect(elsewhere.said()).toEqual([])
    expect(elsewhere.page.names).toEqual(['Ann'])
    later.leave()
    await until(() => there.page.names.length === 1)
    await ann.post('enter', { name: 'Anna' })
    await until(() => there.page.names[0] === 'Anna')
    await ann.post('enter', { name: 'Ann' })
  })

  test('a file is taken, separated, and its stems hang on the card', async () => {
    await world.script({})
    const page = await ann.visit('files')
    const watching = await ben.visit('files')
    const { file, bytes } = (await (await ann.upload(Buffer.from(randomUUID()))).json()) as Record<
      string,
      string
    >
    expect(bytes).toBe(36)
    const nonce = randomUUID()
    expect(await ann.say('', { room: 'files', nonce, file: file ?? '' })).toMatchObject({
      status: 200,
      answer: null,
    })
    // The same try once more, as after a lost connection.
    expect(await ann.say('', { room: 'files', nonce, file: file ?? '' })).toMatchObject({
      status: 200,
      answer: null,
    })
    const card = await page.card(({ state }) => state === 'delivered')
    expect(page.cards()).toHaveLength(1)
    expect(card.stems.map(({ stem }) => stem).sort()).toEqual(['bass', 'drums', 'other', 'vocals'])
    expect(card.buttons).toEqual([])
    await watching.card(({ state }) => state === 'delivered')
    for (const { address, bytes } of card.stems) {
      const stem = await fetch(`${url}${address}`)
      expect(stem.status).toBe(200)
      expect((await stem.arrayBuffer()).byteLength).toBe(bytes)
    }
    expect((await fetch(`${url}${card.zip?.address}`)).headers.get('content-type')).toBe('application/zip')
    expect((await fetch(`${url}${card.page}`, { headers: { accept: 'text/html' } })).status).toBe(200)
    expect(await ann.say('/results', { room: 'files' })).toMatchObject({
      answer: { lines: expect.arrayContaining([`${url}${card.page}`]) },
    })
  })

  test('a card is cancelled by who asked, or by who manages the room, and tried again', async () => {
    await world.script({ separate: [{ do: 'run', seconds: 30 }] })
    const page = await ann.visit('cards')
    await ann.say('/separate some song', { room: 'cards' })
    const running = await page.card(({ lines }) =>
      lines.some(({ stage, state }) => stage === 'processing' && state === 'running'),
    )
    const [cancel] = running.buttons
    expect(cancel).toMatchObject({ action: 'cancel', label: 'Cancel' })
    expect(await ben.press(cancel?.button ?? '', 'cards')).toMatchObject({
      status: 403,
      error: { code: 'not_yours' },
    })
    // Not a card of that room.
    expect(await ann.press(cancel?.button ?? '', 'main')).toMatchObject({ status: 404 })
    expect((await ann.press(cancel?.button ?? '', 'cards')).status).toBe(200)
    const cancelled = await page.card(({ state }) => state === 'cancelled')
    expect((await ann.press(cancelled.buttons[0]?.button ?? '', 'cards')).status).toBe(200)
    const again = await page.card(({ state }) => state === 'working')
    const boss = await enterRoom(url, 'Boss', ADMIN)
    expect((await boss.press(again.buttons[0]?.button ?? '', 'cards')).status).toBe(200)
    await page.card(({ state }) => state === 'cancelled')
  })

  test('commands are for those who may give them, and mistakes are told to one alone', async () => {
    const page = await ben.visit('words')
    const refused = async (text: string) => (await ann.say(text, { room: 'words' })).error
    expect(await refused('/queue')).toMatchObject({ code: 'not_allowed' })
    expect(await refused('/nonsense 12')).toMatchObject({ code: 'bad_usage' })
    expect(await refused('/status quo')).toMatchObject({ code: 'bad_usage' })
    expect(await refused('/separate')).toMatchObject({ code: 'not_a_song' })
    expect(await refused('/separate x stems=kazoo')).toMatchObject({ code: 'bad_usage' })
    const boss = await enterRoom(url, 'Boss', ADMIN)
    expect(await boss.say('/queue', { room: 'words' })).toMatchObject({ status: 200 })
    expect(await ann.say('/help', { room: 'words' })).toMatchObject({
      answer: { title: 'What can be asked' },
    })
    for (const [command, option] of [
      ['status', '__proto__'],
      ['constructor', 'name'],
      ['separate', 'format'],
      ['', ''],
    ]) {
      const none = await ann.ask(`rooms/words/suggestions?command=${command}&option=${option}`)
      expect(await none.json()).toEqual({ suggestions: [] })
    }
    expect(page.page.messages.size).toBe(0)
    const suggestions = await ann.ask('rooms/words/suggestions?command=separate&option=stems&text=voc')
    expect(await suggestions.json()).toMatchObject({ suggestions: [{ value: 'vocals' }] })
  })

  test('what was said earlier is read a page at a time, and none is left out or shown twice', async () => {
    const words = Array.from({ length: 120 }, (_, number) => `word ${number}`)
    for (const text of words) await ann.say(text, { room: 'old' })
    const page = await ann.visit('old')
    const shown = [...page.page.messages.values()]
    let hasEarlier = true
    while (hasEarlier) {
      const earlier = await ann.ask(`rooms/old/messages?before=${shown[0]?.id}`)
      const next = (await earlier.json()) as { messages: typeof shown; hasEarlier: boolean }
      shown.unshift(...next.messages)
      hasEarlier = next.hasEarlier
    }
    expect(shown.map((message) => (message.kind === 'said' ? message.text : ''))).toEqual(words)
    for (const before of ['s999999999', 'x', "s1' or 1=1", 's99999999999999999999'])
      expect(await (await ann.ask(`rooms/old/messages?before=${encodeURIComponent(before)}`)).json()).toEqual(
        {
          messages: [],
          hasEarlier: false,
        },
      )
  })

  test('a name can be changed, and must be one', async () => {
    const cleo = await enterRoom(url, '  Cleo\u202e\n ')
    expect(cleo.me.person?.name).toBe('Cleo')
    expect(await cleo.post('enter', { name: 'Cleopatra' })).toMatchObject({
      person: { id: cleo.me.person?.id, name: 'Cleopatra' },
    })
    expect(await cleo.post('enter', { name: ' \u200b ' })).toMatchObject({
      status: 400,
      error: { code: 'bad_name' },
    })
    expect((await enterRoom(url, 'x'.repeat(150))).me.person?.name).toHaveLength(40)
    expect((await enterRoom(url, 'Eve', 'a-wrong-secret-of-mine')).entered.status).toBe(403)
  })
})

describe('at the door', async () => {
  const open = await openRoom()
  const closed = await openRoom({ ACCESS_SECRET: ACCESS })
  const raw = async (url: string, headers: Record<string, string>, path = '/api/room/me') => {
    const asked = httpRequest(`${url}${path}`, { headers, agent: false }).end()
    const [answer] = await once(asked, 'response')
    answer.resume()
    return answer.statusCode
  }

  test.each([
    ['a name that was made point here', { host: 'evil.example' }],
    ['a proxy', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy that says so by the standard', { forwarded: 'for=203.0.113.7' }],
    ['a page of elsewhere, whatever a proxy calls itself', { origin: 'https://stems.example' }],
  ])('without a secret nobody comes in by %s', async (_name, headers) => {
    expect(await raw(open.url, headers)).toBe(403)
    expect(await raw(open.url, headers, '/')).toBe(403)
    expect(await raw(open.url, {})).toBe(200)
    expect(await raw(open.url, { host: 'localhost' })).toBe(200)
  })

  test('with a secret everybody has to know it, and is known from then on', async () => {
    expect(await (await fetch(`${closed.url}/api/room/me`)).json()).toMatchObject({
      needsSecret: true,
      person: null,
    })
    expect((await enterRoom(closed.url, 'Eve')).entered.status).toBe(403)
    expect((await enterRoom(closed.url, 'Eve', 'not-the-secret-of-it')).entered.status).toBe(403)
    const ann = await enterRoom(closed.url, 'Ann', ACCESS)
    expect(ann.entered.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/)
    expect(await raw(closed.url, { host: 'stems.example', cookie: ann.cookie })).toBe(200)
    expect(await (await ann.ask('me')).json()).toMatchObject({ needsSecret: false, person: { name: 'Ann' } })
    expect(await ann.say('/queue')).toMatchObject({ status: 403 })
    expect(JSON.stringify(await closed.world.rows('select * from room_people'))).not.toContain(
      ann.cookie.split('=')[1],
    )
  })

  test('who knows only a secret of before has to enter anew, and manages no more', async () => {
    const { world } = closed
    const before = await enterRoom(closed.url, 'Ann', ACCESS)
    const secrets = { ACCESS_SECRET: 'another-secret-by-now', ADMIN_SECRET: ADMIN }
    const bot = await startBot({ ...world.settings, ...secrets }, world.services, world.log)
    world.onClose(() => bot.stop())
    // The same browser on another port, as far as the cookie's name goes.
    const cookie = before.cookie.replace(/^room-\d+/, `room-${new URL(bot.url).port}`)
    const me = await fetch(`${bot.url}/api/room/me`, { headers: { cookie } })
    expect(await me.json()).toMatchObject({ person: null, needsSecret: true })
    const boss = await enterRoom(bot.url, 'Boss', ADMIN)
    expect((await boss.say('/queue')).status).toBe(200)
    const ann = await enterRoom(bot.url, 'Ann', secrets.ACCESS_SECRET)
    expect((await ann.say('/queue')).status).toBe(403)
  })

  test('a bot whose port is taken says so, and leaves nothing running', async () => {
    const { world } = closed
    const { port } = new URL(closed.url)
    const listeners = `select count(*)::int as n from pg_stat_activity where datname = current_database() and query like 'listen %'`
    const before = await world.rows(listeners)
    const starting = startBot({ ...world.settings, PORT: Number(port) }, world.services, world.log)
    await expect(starting).rejects.toMatchObject({ code: 'bad_settings' })
    await until(async () => (await world.rows(listeners))[0]?.n === before[0]?.n)
  })

  test('nothing is read or done for who has not entered', async () => {
    for (const path of ['rooms', 'rooms/main/events', 'rooms/main/messages', 'rooms/main/suggestions'])
      expect((await fetch(`${open.url}/api/room/${path}`)).status).toBe(401)
    for (const path of ['rooms/main/messages', 'rooms/main/press', 'rooms/main/sample'])
      expect((await fetch(`${open.url}/api/room/${path}`, { method: 'POST', body: '{}' })).status).toBe(401)
    expect((await fetch(`${open.url}/api/room/files`, { method: 'PUT', body: 'x' })).status).toBe(401)
    const forged = await fetch(`${open.url}/api/room/rooms/main/messages`, {
      headers: { cookie: 'room-1=x' },
    })
    expect(forged.status).toBe(401)
  })

  test("another site's page does nothing in a person's name", async () => {
    const ann = await enterRoom(open.url, 'Ann')
    const said = (headers: Record<string, string>) =>
      ann.ask('rooms/main/messages', {
        method: 'POST',
        headers: { 'content-type': 'text/plain', ...headers },
        body: JSON.stringify({ nonce: randomUUID(), text: 'forged' }),
      })
    expect((await said({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await said({ origin: 'null' })).status).toBe(403)
    expect((await said({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await said({ 'sec-fetch-site': 'same-site', origin: open.url })).status).toBe(403)
    const page = await ann.visit()
    expect(page.said()).toEqual([])
    expect((await said({ origin: open.url })).status).toBe(200)
  })

  test.each(['Main', 'a b', '..', '%2e%2e', 'x'.repeat(41), "';drop table requests;--", '<script>'])(
    '%j is no room',
    async (room) => {
      const ann = await enterRoom(open.url, 'Ann')
      const answer = await ann.ask(`rooms/${encodeURIComponent(room)}/events`)
      expect(answer.status).toBe(404)
    },
  )
})

describe('bad input', async () => {
  const { world, url } = await openRoom({ MAX_UPLOAD_BYTES: '100000' })
  const { hostname, port } = new URL(url)
  const ann = await enterRoom(url, 'Ann')
  const uploads = () => readdir(join(world.settings.DATA_DIR, 'files/uploads')).catch(() => [])

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another shape', '{"text":1,"nonce":"x"}'],
    ['a text without end', JSON.stringify({ nonce: randomUUID(), text: 'x'.repeat(5000) })],
  ])('%s in place of a message is refused in words', async (_name, body) => {
    const answer = await ann.ask('rooms/main/messages', { method: 'POST', body })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 'bad_usage' } })
  })

  test('control characters are no part of what is said', async () => {
    const page = await ann.visit('nul')
    expect((await ann.say('a\u0000b\u0007 c\nd\u202e\ud800', { room: 'nul' })).status).toBe(200)
    await until(() => page.said().includes('a b  c\nd \ufffd'))
    expect((await ann.ask('rooms/nul/messages?before=%00')).status).toBe(200)
  })

  test('what fails is done when the page gives it once more, and what was done is not', async () => {
    await ann.say('/separate a song', { room: 'again' })
    const page = await ann.visit('again')
    const { number } = await page.card(({ state }) => state === 'working')
    await world.rows(
      `create function fail() returns trigger language plpgsql as $$ begin raise 'broken'; end $$`,
    )
    await world.rows('create trigger broken before update on requests for each row execute function fail()')
    const nonce = randomUUID()
    const cancel = () => ann.say(`/cancel ${number}`, { room: 'again', nonce })
    expect((await cancel()).status).toBe(500)
    await world.rows('drop trigger broken on requests')
    expect(await cancel()).toMatchObject({ status: 200, answer: { title: expect.any(String) } })
    await page.card(({ state }) => state === 'cancelled')
    expect(await cancel()).toMatchObject({ status: 200, answer: { title: 'That was taken already' } })
  })

  test('a body without end is cut off', async () => {
    const answer = ann.ask('rooms/main/messages', {
      method: 'POST',
      body: Buffer.alloc(200_000, 'x'),
    })
    expect(
      await answer.then(
        ({ status }) => status,
        () => 413,
      ),
    ).toBe(413)
  })

  test('a file of 5 GB is refused before any of it is read, and one that lies about its size when it is seen', async () => {
    const socket = connect(Number(port), hostname)
    socket.write(
      `PUT /api/room/files?name=big.wav HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${ann.cookie}\r\nContent-Length: 5000000000\r\n\r\n`,
    )
    const [said] = (await once(socket, 'data')) as [Buffer]
    expect(said.toString()).toMatch(/^HTTP\/1\.1 413 [\s\S]*too_large/)
    socket.destroy()
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(50_000)) })
    expect(
      await ann.upload(endless).then(
        ({ status }) => status,
        () => 'cut',
      ),
    ).not.toBe(200)
    expect((await ann.upload(Buffer.alloc(0))).status).toBe(400)
    expect(await until(async () => (await uploads()).length === 0)).toBe(true)
  })

  test('of a hundred uploads at once few are taken, the others are told to come again, and nothing is left behind', async () => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    const slow = () =>
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(Buffer.from(randomUUID()))
          await mayEnd
          controller.close()
        },
      })
    const people = await Promise.all(
      Array.from({ length: 10 }, (_, number) => enterRoom(url, `Person ${number}`)),
    )
    const answers = people.flatMap((one) => Array.from({ length: 10 }, () => one.upload(slow())))
    const refused = await until(async () => {
      const settled = await Promise.all(answers.map((one) => Promise.race([one, undefined])))
      return settled.filter((one) => one?.status === 429).length >= 92 && settled
    })
    expect(refused.find((one) => one?.status === 429)?.headers.get('retry-after')).toBe('2')
    end()
    const taken = (await Promise.all(answers)).filter(({ status }) => status === 200)
    expect(taken).toHaveLength(8)
    expect((await uploads()).filter((name) => name.startsWith('.'))).toEqual([])
    expect((await ann.upload(Buffer.from('one more'))).status).toBe(200)
  })

  test('an upload that breaks off leaves nothing', async () => {
    const before = (await uploads()).length
    const leaving = new AbortController()
    const half = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('half of it')) })
    const upload = ann.ask('files?name=x', {
      method: 'PUT',
      body: half,
      duplex: 'half',
      signal: leaving.signal,
    })
    await until(async () => (await uploads()).length > before)
    leaving.abort()
    await expect(upload).rejects.toThrow()
    await until(async () => (await uploads()).length === before)
  })

  test.each([
    '../../etc/passwd',
    `${'a'.repeat(64)}`,
    `${'a'.repeat(64)}/never given.mp3`,
    `${'a'.repeat(63)}/x`,
    '/',
    '',
  ])('%j is no file that was uploaded', async (file) => {
    const said = await ann.post('rooms/main/messages', { nonce: randomUUID(), text: '', file })
    expect(said).toMatchObject({ status: 400, error: { code: 'upload_gone' } })
  })

  test('a stream that is never read holds no more than the newest of each message', async () => {
    const socket = connect(Number(port), hostname)
    socket.write(
      `GET /api/room/rooms/loud/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${ann.cookie}\r\n\r\n`,
    )
    await once(socket, 'readable')
    const reading = await ann.visit('loud')
    const before = process.memoryUsage().rss
    const text = 'x'.repeat(3900)
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 50 }, () => ann.say(text, { room: 'loud' })))
    await until(() => reading.page.messages.size >= 50)
    // 500 messages of 4 kB are 2 MB, to be taken by nobody.
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
    socket.destroy()
  })

  test('who opens too many pages loses the oldest', async () => {
    const eve = await enterRoom(url, 'Eve')
    const first = await eve.visit('tabs')
    const pages = await Promise.all(Array.from({ length: 19 }, () => eve.visit('tabs')))
    expect(first.page.ended).toBe(false)
    pages.push(await eve.visit('tabs'))
    await until(() => first.page.ended)
    expect(pages.filter(({ page }) => page.ended)).toEqual([])
    for (const page of pages) page.leave()
  })
})

describe('when the connection to the database was lost', async () => {
  const { world, url } = await openRoom()
  const ann = await enterRoom(url, 'Ann')

  test('pages are told anew of what they may have missed', async () => {
    const page = await ann.visit()
    const listening = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen %' and pid <> pg_backend_pid()`
    await world.rows(listening)
    await ann.say('said meanwhile')
    await until(() => page.said().includes('said meanwhile'))
    expect(page.page.opened).toBeGreaterThan(1)
  })
})
