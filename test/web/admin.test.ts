import pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startBot } from '../../src/bot.ts'
import { readControls } from '../../src/store/queue-controls.ts'
import { readOnlyUrl } from '../../src/web/admin/jobs.ts'
import type { AdminState, Found, Refusal } from '../../src/web/admin/wire.ts'
import { readEvents } from '../support/read-events.ts'
import { until } from '../support/until.ts'
import { type Action, createWorld, newSong, type World } from '../support/world.ts'

const SECRET = 'known to the operator alone'
const HTML = { accept: 'text/html,application/xhtml+xml' }
const BEARER = { authorization: `Bearer ${SECRET}` }
const HOUR_MS = 3600_000

async function openBot(world: World, more: { ADMIN_SECRET?: string | undefined } = {}) {
  const bot = await startBot({ ...world.settings, ...more }, world.services, world.log)
  world.onClose(() => bot.stop())
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${bot.url}${path}`, { redirect: 'manual', ...init })
  const enter = (fields: Record<string, string>, headers: Record<string, string> = HTML) =>
    ask('/admin/enter', { method: 'POST', headers, body: new URLSearchParams(fields) })
  return {
    url: bot.url,
    ask,
    enter,
    /** The cookie of who has just entered, by the name that it has here. */
    async cookie() {
      const given = (await enter({ secret: SECRET })).headers.get('set-cookie') ?? ''
      return given.split(';')[0] ?? ''
    },
    read: async <Told>(path: string): Promise<Told> =>
      (await ask(path, { headers: BEARER })).json() as Promise<Told>,
    async post(path: string, body?: object) {
      const init = { method: 'POST', headers: BEARER, ...(body ? { body: JSON.stringify(body) } : {}) }
      const answer = await ask(path, init)
      return { status: answer.status, ...((await answer.json()) as Partial<Refusal>) }
    },
    status: async (path: string, headers: Record<string, string>) => (await ask(path, { headers })).status,
  }
}

const codeOf = async (answer: Response) => ((await answer.json()) as Refusal).error.code
/** The cookie that one server gave, under the name that another one gives it. */
const under = (cookie: string, url: string) => cookie.replace(/^admin-\d+/, `admin-${new URL(url).port}`)

describe('who may come in', async () => {
  const world = await createWorld({ PORT: '0', ADMIN_SECRET: SECRET })
  const bot = await openBot(world)
  afterEach(() => vi.useRealTimers())

  test.each([
    '/admin',
    '/admin/jobs',
    '/admin/api/state',
    '/admin/api/events',
    '/admin/metrics',
    '/admin/docs/admin.md',
  ])('nobody without the secret: %s', async (path) => {
    const page = await bot.ask(path, { headers: HTML })
    expect(page.status).toBe(401)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(await page.text()).toContain('The ADMIN_SECRET')
    const answer = await bot.ask(path)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await codeOf(answer)).toBe('not_entered')
  })

  test.each([
    ['as a bearer token', BEARER, 200],
    ['as the password of any user', { authorization: `Basic ${btoa(`anybody:${SECRET}`)}` }, 200],
    ['wrong, as a bearer token', { authorization: 'Bearer something else' }, 401],
    ['wrong, as a password', { authorization: `Basic ${btoa(`${SECRET}:`)}` }, 401],
    ['in an unknown way', { authorization: `Digest ${SECRET}` }, 401],
  ])('scripts send the secret %s', async (_how, headers, status) => {
    for (const path of ['/admin', '/admin/api/state', '/admin/jobs'])
      expect(await bot.status(path, headers), path).toBe(status)
  })

  test('a browser has a cookie once it has shown the secret, until it logs out', async () => {
    const wrong = await bot.enter({ secret: 'something else' })
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain('That is not the ADMIN_SECRET of this installation.')
    const entered = await bot.enter({ secret: SECRET })
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/admin'])
    expect(entered.headers.get('set-cookie')).toMatch(
      /^admin-\d+=\d+\.[\w-]{43}; Max-Age=43200; Path=\/admin; HttpOnly; SameSite=Strict$/,
    )
    const cookie = await bot.cookie()
    const page = await bot.ask('/admin', { headers: { ...HTML, cookie } })
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const left = await bot.ask('/admin/leave', { method: 'POST', headers: { cookie } })
    expect(left.headers.get('set-cookie')).toMatch(/^admin-\d+=; Max-Age=0; Path=\/admin$/)
  })

  test.each([
    ['/admin/jobs/queues/processing', '/admin/jobs/queues/processing'],
    ['//elsewhere.example', '/admin'],
    ['/admin/jobs/../../rooms/main', '/admin'],
    ['https://elsewhere.example/admin', '/admin'],
  ])('who wanted to go to %s is led to %s', async (to, led) => {
    expect((await bot.enter({ secret: SECRET, to })).headers.get('location')).toBe(led)
  })

  test('a cookie is good for other bots and after a restart, and no longer than twelve hours', async () => {
    const cookie = await bot.cookie()
    const other = await openBot(world)
    expect(await other.status('/admin', { cookie: under(cookie, other.url) })).toBe(200)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * HOUR_MS })
    expect(await bot.status('/admin', { cookie })).toBe(200)
    vi.setSystemTime(Date.now() + 1.1 * HOUR_MS)
    expect(await bot.status('/admin', { cookie })).toBe(401)
  })

  test('another secret ends it, and a cookie that was changed is none', async () => {
    const cookie = await bot.cookie()
    const other = await openBot(world, { ADMIN_SECRET: 'another one of that length' })
    expect(await other.status('/admin', { cookie: under(cookie, other.url) })).toBe(401)
    const later = cookie.replace(/=(\d+)\./, (_, expires) => `=${Number(expires) + 1}.`)
    for (const changed of [
      later,
      cookie.slice(0, -1),
      `${cookie}A`,
      cookie.replace(/\..*/, '.'),
      'admin-1=x',
    ])
      expect(await bot.status('/admin', { cookie: changed }), changed).toBe(401)
  })

  test("another site's page can use nobody's cookie", async () => {
    const headers = { cookie: await bot.cookie(), 'sec-fetch-site': 'cross-site' }
    for (const path of ['/admin/enter', '/admin/api/queues/all'])
      expect((await bot.ask(path, { method: 'POST', headers, body: '{}' })).status).toBe(403)
  })

  test('ten wrong secrets a minute are all that one peer can try, in whatever way', async () => {
    const own = await openBot(world)
    const cookie = await own.cookie()
    for (let times = 0; times < 5; times++) {
      expect((await own.enter({ secret: `guess ${times}` })).status).toBe(401)
      expect(await own.status('/admin', { authorization: `Bearer guess ${times}` })).toBe(401)
    }
    const late = await own.enter({ secret: SECRET })
    expect(late.status).toBe(429)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await late.text()).toContain('wait a minute')
    expect(await own.status('/admin', BEARER)).toBe(429)
    expect(await own.status('/admin', { cookie })).toBe(200)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await own.enter({ secret: SECRET })).status).toBe(303)
  })

  test('the documents and the metrics are there for whoever is in', async () => {
    const text = async (path: string) => (await bot.ask(path, { headers: BEARER })).text()
    expect(await text('/admin/docs/admin.md')).toContain('# For whoever runs it: /admin')
    expect(await codeOf(await bot.ask('/admin/docs/..%2Fpackage.json', { headers: BEARER }))).toBe(
      'no_such_document',
    )
    expect(await text('/admin/metrics')).toContain('sound_forge_')
  })

  test('without ADMIN_SECRET there is nothing, on this machine neither', async () => {
    const closed = await openBot(world, { ADMIN_SECRET: undefined })
    for (const path of ['/admin', '/admin/jobs', '/admin/api/state']) {
      const page = await closed.ask(path, { headers: HTML })
      expect(page.status).toBe(404)
      expect(await page.text()).toContain('Set ADMIN_SECRET (16 characters or more) in .env and start again.')
      expect(await codeOf(await closed.ask(path, { method: 'POST' }))).toBe('admin_off')
    }
  })
})

describe('what is told and done', async () => {
  const world = await createWorld({ PORT: '0', ADMIN_SECRET: SECRET })
  const bot = await openBot(world)
  await world.script({})
  await world.worker().decided
  const state = () => bot.read<AdminState>('/admin/api/state')
  const failure = (message: string): Action => ({
    do: 'error',
    code: 'model_failed',
    retryable: true,
    message,
  })
  /** What the next separations do; the script counts the calls of the tests before, too. */
  const next = async (...actions: Action[]) => {
    const calls = (await world.calls()).filter((name) => name === 'separate')
    await world.script({
      separate: [...calls.map((): Action => ({ do: 'succeed' })), ...actions, { do: 'succeed' }],
    })
  }
  const askInRoom = async () => {
    await world.rows(
      `insert into room_people (id, token_sha256, name) values ('ann', 'x', 'Ann') on conflict do nothing`,
    )
    return (await world.ask(newSong(), { platform: 'room', person: 'ann', channel: 'rehearsal' })).request
  }

  test('a song that failed three times is told with the error of every attempt, and is delivered after a retry', async () => {
    await next(failure('The first time.'), failure('The second time.'), { do: 'crash' })
    const { id, number } = await askInRoom()
    expect(await world.ended({ id }, 60)).toMatchObject({ state: 'failed' })
    const { discarded, failed, counts } = await state()
    expect(discarded).toMatchObject([
      { id, number, title: 'Song', artist: 'Band', platform: 'room', channel: 'rehearsal', person: 'Ann' },
    ])
    const [stage] = discarded[0]?.stages ?? []
    expect(stage?.label).toBe('Separation')
    expect(stage?.attempts).toMatchObject([
      { attempt: 1, outcome: 'failed', code: 'model_failed', message: 'The first time.' },
      { attempt: 2, outcome: 'failed', code: 'model_failed', message: 'The second time.' },
      { attempt: 3, outcome: 'failed', code: 'tool_crashed' },
    ])
    for (const attempt of stage?.attempts ?? []) {
      expect(attempt.durationMs).toBeGreaterThanOrEqual(0)
      expect(attempt.machine).not.toBe('')
    }
    expect(failed).toMatchObject([{ id, state: 'failed', actions: ['retry'] }])
    expect(counts.failed).toBe(1)

    expect(await bot.post(`/admin/api/requests/${id}/retry`)).toEqual({ status: 200 })
    await until(async () => (await state()).delivered.some((request) => request.id === id), 40)
    expect(await state()).toMatchObject({ discarded: [], failed: [], counts: { failed: 0, delivered: 1 } })
    const refused = await bot.post(`/admin/api/requests/${id}/retry`)
    expect(refused).toMatchObject({ status: 409, error: { code: 'nothing_to_retry' } })
  })

  test('queues are paused, drained, scaled and resumed, one stage or all', async () => {
    const controls = async () =>
      new Map((await readControls(world.services.db)).map((one) => [one.queue, one]))
    expect(await bot.post('/admin/api/queues/delivery', { action: 'pause' })).toEqual({ status: 200 })
    expect((await controls()).get('delivery-room')).toMatchObject({ paused: true })
    expect((await controls()).get('processing')?.paused ?? false).toBe(false)
    await bot.post('/admin/api/queues/all', { action: 'drain' })
    await bot.post('/admin/api/queues/processing', { action: 'scale', limit: 5 })
    const [, , , processing] = await until(async () => {
      const { queues } = await state()
      return queues.every(({ standing }) => standing === 'drained') && queues
    })
    expect(processing).toMatchObject({
      stage: 'processing',
      perMachine: 5,
      limit: 5,
      changed: { platform: 'admin' },
    })
    await bot.post('/admin/api/queues/processing', { action: 'scale', limit: null })
    await bot.post('/admin/api/queues/all', { action: 'resume' })
    const { queues } = await state()
    expect(queues.map(({ standing }) => standing)).toEqual(queues.map(() => 'open'))
    expect(queues[3]).toMatchObject({ perMachine: null, limit: world.settings.PROCESSING_CONCURRENCY })
  })

  test('what a machine runs is told, and a request that is cancelled ends', async () => {
    await next({ do: 'succeed', seconds: 60 })
    const request = await askInRoom()
    await world.running(request.separationId, 'processing')
    const { machines, queues, working } = await state()
    expect(machines).toHaveLength(1)
    expect(machines[0]).toMatchObject({ pid: process.pid, models: ['starter'] })
    expect(machines[0]?.queues).toContainEqual({ queue: 'processing', label: 'Separation', limit: 2 })
    expect(machines[0]?.running).toMatchObject([
      {
        label: 'Separation',
        title: 'Song',
        artist: 'Band',
        numbers: [request.number],
        attempt: 1,
        step: 'working',
      },
    ])
    expect(queues.find(({ stage }) => stage === 'processing')).toMatchObject({ running: 1, limit: 2 })
    expect(working).toMatchObject([{ id: request.id, actions: ['cancel'] }])
    expect(working[0]?.lines.map(({ stage, state }) => `${stage} ${state}`)).toEqual([
      'download done',
      'analysis done',
      'processing running',
      'delivery ahead',
    ])
    expect(await bot.post(`/admin/api/requests/${request.id}/cancel`)).toEqual({ status: 200 })
    expect(await world.ended(request)).toMatchObject({
      state: 'cancelled',
      message: 'Cancelled by a moderator.',
    })
    expect(await bot.post(`/admin/api/requests/${request.id}/cancel`)).toMatchObject({ status: 409 })
  })

  test.each([
    ['/admin/api/queues/nothing', { action: 'pause' }, 404, 'no_such_queue'],
    ['/admin/api/queues/processing', { action: 'explode' }, 400, 'bad_usage'],
    ['/admin/api/queues/processing', { action: 'scale' }, 400, 'bad_usage'],
    ['/admin/api/queues/processing', { action: 'scale', limit: 65 }, 400, 'bad_usage'],
    ['/admin/api/requests/00000000-0000-4000-8000-000000000000/retry', undefined, 404, 'no_such_request'],
    ['/admin/api/requests/12/cancel', undefined, 404, 'no_such_request'],
    ['/admin/api/nothing', {}, 404, 'no_such_address'],
  ])('POST %s %j is refused with %i', async (path, body, status, code) => {
    expect(await bot.post(path, body)).toMatchObject({ status, error: { code } })
  })

  test('a page is told all at first, then only what has changed', async () => {
    const leaving = new AbortController()
    const stream = await bot.ask('/admin/api/events', { headers: BEARER, signal: leaving.signal })
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const told: { name: string; data: unknown }[] = []
    void readEvents(stream, (name, data) => told.push({ name, data })).catch(() => {})
    const names = Object.keys(await state())
    await until(() => names.every((name) => told.some((event) => event.name === name)))
    told.splice(0)
    await bot.post('/admin/api/queues/analysis', { action: 'pause' })
    const queues = await until(() => told.find(({ name }) => name === 'queues')?.data as AdminState['queues'])
    expect(queues.find(({ stage }) => stage === 'analysis')?.standing).toBe('paused')
    expect(told.map(({ name }) => name)).not.toContain('machines')
    await bot.post('/admin/api/queues/analysis', { action: 'resume' })
    leaving.abort()
  })

  test('requests are found by their state, number and words, a page at a time', async () => {
    const found = (query: string) => bot.read<Found>(`/admin/api/requests?${query}`)
    await world.script({ download: [{ do: 'succeed', title: 'Nine Mile Road' }] })
    const requests = []
    for (let songs = 0; songs < 27; songs++) requests.push(await askInRoom())
    for (const request of requests) await world.ended(request, 120)
    const [first, last] = [requests[0], requests.at(-1)]
    const page = await found('text=nine+mile')
    expect([page.requests.length, page.hasMore]).toEqual([25, true])
    expect(page.requests[0]?.number).toBe(last?.number)
    const rest = await found(`text=nine+mile&before=${page.requests.at(-1)?.number}`)
    expect([rest.requests.length, rest.hasMore]).toEqual([2, false])
    for (const text of [`%23${first?.number}`, String(first?.number)])
      expect((await found(`text=${text}`)).requests.map(({ id }) => id)).toContain(first?.id)
    expect((await found('state=cancelled')).requests.map(({ state }) => state)).toEqual(['cancelled'])
    expect((await found('state=cancelled&text=nine')).requests).toEqual([])
    expect((await bot.ask('/admin/api/requests?state=lost', { headers: BEARER })).status).toBe(400)
    expect((await state()).delivered).toHaveLength(12)
  }, 180_000)
})

describe("pg-boss's dashboard", async () => {
  const world = await createWorld({ PORT: '0', ADMIN_SECRET: SECRET })
  const bot = await openBot(world)
  const at = (path: string, init: RequestInit = {}) =>
    bot.ask(`/admin/jobs${path}`, { ...init, headers: BEARER })

  test('shows its pages, and neither the password of the database nor anything from elsewhere', async () => {
    await world.ask()
    const { password } = new URL(world.url)
    for (const path of [
      '',
      '.data',
      '/queues',
      '/queues/download',
      '/jobs',
      '/schedules',
      '/warnings',
      '/migrations',
    ]) {
      const answer = await at(path)
      expect(answer.status, path).toBe(200)
      expect(answer.headers.get('cache-control'), path).toBe('no-store')
      const text = await answer.text()
      expect(text, path).not.toContain(world.url)
      if (password) expect(text, path).not.toContain(password)
      expect(text, path).not.toMatch(/https?:\/\/(?!www\.w3\.org|pgboss\.io)/)
    }
  })

  test('runs nothing but its own scripts, and its policy is that of no other page', async () => {
    const policyOf = async (path: string) =>
      (await bot.ask(path, { headers: BEARER })).headers.get('content-security-policy')
    expect(await policyOf('/admin/jobs')).toMatch(
      /^default-src 'none'; script-src 'self' 'nonce-[^']+'; style-src 'self' 'nonce-[^']+'; style-src-attr 'unsafe-inline'; /,
    )
    for (const path of ['/', '/admin', '/admin/api/state', '/nothing'])
      expect(await policyOf(path), path).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[^']+'; img-src /,
      )
    const page = await at('')
    const nonce = /'nonce-([^']+)'/.exec(page.headers.get('content-security-policy') ?? '')?.[1]
    const scripts = (await page.text()).match(/<script[^>]*>/g) ?? []
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`)
  })

  test('its parts are kept by the browser, and come compressed', async () => {
    const script = /\/admin\/jobs(\/assets\/root-[\w-]+\.js)/.exec(await (await at('')).text())?.[1] ?? ''
    const answer = await at(script)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('refuses %s, and nothing changes', async (method) => {
    const jobs = () => world.rows('select id, state from pgboss.job order by id')
    const before = await jobs()
    const queue = '/queues/download'
    for (const path of [
      '',
      queue,
      `${queue}.data`,
      `${queue}/jobs/${before[0]?.id}`,
      '/send',
      '/queues/create',
    ]) {
      const body = new URLSearchParams({ intent: 'delete', jobId: before[0]?.id })
      const answer = await at(path, { method, body })
      expect([answer.status, answer.headers.get('allow')], path).toEqual([405, 'GET, HEAD'])
      expect(await codeOf(answer)).toBe('read_only')
    }
    expect(await jobs()).toEqual(before)
  })

  test('has connections that can change nothing', async () => {
    const url = new URL(world.url)
    url.searchParams.set('options', '-c work_mem=5MB')
    const client = new pg.Client({ connectionString: readOnlyUrl(url.href) })
    await client.connect()
    await expect(client.query('delete from pgboss.job')).rejects.toThrow(/read-only/)
    expect((await client.query('show work_mem')).rows).toEqual([{ work_mem: '5MB' }])
    await client.end()
  })
})
