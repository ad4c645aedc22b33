// What Prometheus reads, held against what was done: a real world with scripted tools, scraped by HTTP.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseLink } from '../../src/domain/link.ts'
import { ERRORS } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { openMonitoring } from '../../src/monitoring.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { QUEUES } from '../../src/queue/queues.ts'
import { connect } from '../../src/store/database.ts'
import { emit } from '../../src/telemetry/events.ts'
import { startMetrics } from '../../src/telemetry/metrics.ts'
import { metricsApp } from '../../src/web/metrics.ts'
import { startWebServer } from '../../src/web/server.ts'
import { openDoor } from '../support/outage.ts'
import { killChild } from '../support/processes.ts'
import { metricOf, parseMetrics, readMetrics } from '../support/prometheus.ts'
import { until } from '../support/until.ts'
import { createDatabase, createWorld, type World } from '../support/world.ts'

/** Every metric there is, with its type. */
const METRICS = {
  sound_forge_queue_jobs: 'gauge',
  sound_forge_queue_oldest_age_seconds: 'gauge',
  sound_forge_queue_limit: 'gauge',
  sound_forge_queue_paused: 'gauge',
  sound_forge_jobs_total: 'counter',
  sound_forge_job_duration_seconds: 'histogram',
  sound_forge_job_queue_time_seconds: 'histogram',
  sound_forge_stage_real_time_factor: 'histogram',
  sound_forge_requests: 'gauge',
  sound_forge_workers: 'gauge',
  sound_forge_tool_processes: 'gauge',
  sound_forge_tool_memory_bytes: 'gauge',
  sound_forge_tool_starts_total: 'counter',
  sound_forge_tool_exits_total: 'counter',
  sound_forge_courier_edits_total: 'counter',
  sound_forge_courier_lag_seconds: 'histogram',
  sound_forge_platform_rate_limits_total: 'counter',
  sound_forge_platform_ack_seconds: 'histogram',
  sound_forge_database_pool_connections: 'gauge',
  sound_forge_database_pool_waiting: 'gauge',
  sound_forge_database_pool_wait_seconds: 'histogram',
  sound_forge_database_lock_waits: 'gauge',
  sound_forge_database_lock_wait_oldest_seconds: 'gauge',
  sound_forge_database_notify_queue_ratio: 'gauge',
  sound_forge_database_dead_tuples: 'gauge',
  sound_forge_database_live_tuples: 'gauge',
  sound_forge_database_table_bytes: 'gauge',
  sound_forge_database_up: 'gauge',
  sound_forge_files_free_bytes: 'gauge',
  sound_forge_downloader_age_days: 'gauge',
  sound_forge_circuit_open: 'gauge',
  sound_forge_build_info: 'gauge',
} as const
const STATES = ['available', 'scheduled', 'executing', 'retryable', 'discarded']
const MAIN = join(import.meta.dirname, '../../src/main.ts')
const HERE = { host: '127.0.0.1', port: 0 }

async function serve(world: World) {
  const monitoring = await openMonitoring(world.settings, world.services, world.log)
  const web = await startWebServer(HERE, monitoring.apps, world.log)
  world.onClose(async () => {
    await web.stop()
    await monitoring.stop()
  })
  const { url } = web
  /** Waits until a series has this value, as a scrape may be some seconds old. */
  const shows = async (
    name: string,
    labels: Record<string, string>,
    is: number | ((value: number) => boolean),
  ) => {
    let last: number | undefined
    await until(async () => {
      last = metricOf(await readMetrics(url), `sound_forge_${name}`, labels)
      return last !== undefined && (typeof is === 'number' ? last === is : is(last))
    }, 30).catch(() => {
      throw new Error(`${name} ${JSON.stringify(labels)} is ${last}, not ${is}`)
    })
  }
  return { url, shows }
}

describe('the metrics of a world at work', async () => {
  const world = await createWorld()
  const { url, shows } = await serve(world)
  const failure = { do: 'error', message: 'It broke.' }
  await world.script({
    download: [{ ...failure, code: 'out_of_memory', retryable: true }, { do: 'succeed' }],
    separate: [
      { do: 'succeed' },
      { ...failure, code: 'of_its_own', retryable: false },
      { do: 'succeed', seconds: 600 },
      { do: 'succeed' },
    ],
    resolve: [{ ...failure, code: 'spotify_rate_limited', retryable: false, retryAfterSeconds: 600 }],
  })
  await world.worker().decided

  test('tell of every attempt, how it ended, and how long it waited and took', async () => {
    const done = await world.ask()
    expect(await world.ended(done.request)).toMatchObject({ state: 'ready' })
    const failed = await world.ask()
    expect(await world.ended(failed.request)).toMatchObject({ state: 'failed' })
    await world.ask(parseLink(`spotify:track:${'0'.repeat(22)}`))
    const jobs = (queue: string, result: string, error_code = '') => ({ queue, result, error_code })
    await shows('jobs_total', jobs('resolve', 'postponed', 'spotify_rate_limited'), 1)
    await shows('jobs_total', jobs('download', 'retrying', 'out_of_memory'), 1)
    await shows('jobs_total', jobs('download', 'done'), 2)
    await shows('jobs_total', jobs('processing', 'done'), 1)
    // Codes that only a tool knows make no series of their own.
    await shows('jobs_total', jobs('processing', 'discarded', 'other'), 1)
    await shows('jobs_total', jobs('delivery-slack', 'discarded'), 0)
    const metrics = await readMetrics(url)
    const [row] = await world.rows(
      `select sum(duration_ms) / 1000 as seconds, (select sum(queue_ms) / 1000 from job_events where queue = 'download' and kind = 'start') as waited
       from job_events where queue = 'download' and kind = 'stop'`,
    )
    const durations = 'sound_forge_job_duration_seconds'
    const ofDownloads = { queue: 'download', result: 'done' }
    expect(metricOf(metrics, `${durations}_count`, ofDownloads)).toBe(2)
    expect(metricOf(metrics, `${durations}_sum`, ofDownloads)).toBeCloseTo(row?.seconds, 3)
    expect(metricOf(metrics, `${durations}_bucket`, { ...ofDownloads, le: '+Inf' })).toBe(2)
    const waits = 'sound_forge_job_queue_time_seconds'
    expect(metricOf(metrics, `${waits}_count`, { queue: 'download' })).toBe(3)
    expect(metricOf(metrics, `${waits}_sum`, { queue: 'download' })).toBeCloseTo(row?.waited, 3)
    const factor = { stage: 'processing', model: 'starter', device: 'cpu' }
    expect(metricOf(metrics, 'sound_forge_stage_real_time_factor_count', factor)).toBe(1)
  })

  test('tell what waits, runs and was given up, in every queue', async () => {
    await shows('queue_jobs', { queue: 'processing', state: 'discarded' }, 1)
    await shows('queue_jobs', { queue: 'resolve', state: 'scheduled' }, 1)
    await shows('circuit_open', { service: 'spotify' }, 1)
    await shows('requests', { state: 'ready' }, 1)
    await shows('requests', { state: 'failed' }, 1)
    await shows('requests', { state: 'working' }, 1)
    await shows('requests', { state: 'delivered' }, 0)
    await shows('workers', {}, 1)
    const metrics = await readMetrics(url)
    for (const queue of Object.keys(QUEUES)) {
      for (const state of STATES)
        expect(metricOf(metrics, 'sound_forge_queue_jobs', { queue, state })).toBeTypeOf('number')
      for (const name of ['limit', 'paused', 'oldest_age_seconds'])
        expect(metricOf(metrics, `sound_forge_queue_${name}`, { queue })).toBeTypeOf('number')
    }
    expect(metricOf(metrics, 'sound_forge_queue_limit', { queue: 'processing' })).toBe(2)
    expect(metricOf(metrics, 'sound_forge_queue_limit', { queue: 'delivery-discord' })).toBe(0)
    expect(metricOf(metrics, 'sound_forge_queue_oldest_age_seconds', { queue: 'resolve' })).toBe(0)
  })

  test('tell of a tool at work, the memory that it holds, and why it ended', async () => {
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await shows('queue_jobs', { queue: 'processing', state: 'executing' }, 1)
    await shows('tool_processes', { tool: 'separate', state: 'busy' }, 1)
    await shows('tool_memory_bytes', { tool: 'separate' }, (bytes) => bytes > 1e6)
    await cancelRequest(world.services, request.id)
    await shows('tool_exits_total', { tool: 'separate', reason: 'cancelled' }, 1)
    await shows('tool_processes', { tool: 'separate', state: 'busy' }, 0)
    await shows('tool_memory_bytes', { tool: 'separate' }, 0)
    await shows('jobs_total', { queue: 'processing', result: 'cancelled' }, 1)
    await shows('tool_processes', { tool: 'encode', state: 'idle' }, 1)
    await shows('tool_starts_total', { tool: 'download' }, 4)
    await shows('tool_exits_total', { tool: 'download', reason: 'done' }, 4)
  })

  test('tell that a queue is paused or drained, what waits there, and for how long', async () => {
    await pauseQueues(world.services.db, 'processing', { platform: 'terminal', person: 'ann' })
    const { request } = await world.ask()
    await shows('queue_jobs', { queue: 'processing', state: 'available' }, 1)
    await shows('queue_paused', { queue: 'processing' }, 1)
    await shows('queue_limit', { queue: 'processing' }, 0)
    await shows('queue_oldest_age_seconds', { queue: 'processing' }, (seconds) => seconds > 3)
    await resumeQueues(world.services.db, 'processing', { platform: 'terminal', person: 'ann' })
    await world.ended(request)
    await shows('queue_jobs', { queue: 'processing', state: 'available' }, 0)
    await shows('queue_oldest_age_seconds', { queue: 'processing' }, 0)
    await world.rows(`insert into queue_controls (queue, draining, concurrency) values ('download', true, 7)`)
    await shows('queue_paused', { queue: 'download' }, 1)
    await shows('queue_limit', { queue: 'download' }, 0)
    await world.rows(`update queue_controls set draining = false where queue = 'download'`)
    await shows('queue_limit', { queue: 'download' }, 7)
  })

  test('count the machines that live, and what each works', async () => {
    const other = '5f0a57a2-d681-4059-8000-000000000012'
    const add = `insert into workers (id, machine, hostname, pid, queues) values ($1, 'other', 'other', 1, '{"processing": 3}')`
    await world.rows(add, [other])
    const session = await world.services.db.session()
    await session.query(`select pg_advisory_lock(hashtextextended('sound-forge worker ' || $1, 0))`, [other])
    await world.rows(`${add} on conflict do nothing`, [other])
    await shows('workers', {}, 2)
    await shows('queue_limit', { queue: 'processing' }, 5)
    await session.end()
    await shows('workers', {}, 1)
    await shows('queue_limit', { queue: 'processing' }, 2)
  })

  test('tell who waits for a lock, and for how long', async () => {
    const [holder, waiter] = await Promise.all([world.services.db.session(), world.services.db.session()])
    await holder.query('begin')
    await holder.query('lock table slack_without_plans in access exclusive mode')
    const waiting = waiter.query('select 1 from slack_without_plans')
    await shows('database_lock_waits', {}, 1)
    await shows('database_lock_wait_oldest_seconds', {}, (seconds) => seconds > 2)
    // What would wait for the same lock is left out, and the rest is told.
    const meanwhile = await readMetrics(url)
    expect(meanwhile.has('sound_forge_database_table_bytes')).toBe(false)
    expect(meanwhile.has('sound_forge_queue_jobs')).toBe(true)
    expect(metricOf(meanwhile, 'sound_forge_database_up')).toBe(1)
    await holder.query('commit')
    await waiting
    await shows('database_lock_waits', {}, 0)
    await shows('database_lock_wait_oldest_seconds', {}, 0)
    await Promise.all([holder.end(), waiter.end()])
  })

  test('tell who waits for a connection, also while all of them are taken', async () => {
    const before = await readMetrics(url)
    const long = (metrics: typeof before) =>
      (metricOf(metrics, 'sound_forge_database_pool_wait_seconds_count') ?? 0) -
      (metricOf(metrics, 'sound_forge_database_pool_wait_seconds_bucket', { le: '1' }) ?? 0)
    const done = Promise.withResolvers<void>()
    const work = Array.from({ length: 8 + 2 }, () => world.services.db.transaction(() => done.promise))
    await shows('database_pool_connections', { state: 'busy' }, 8)
    await shows('database_pool_waiting', {}, (waiting) => waiting >= 2)
    await shows('database_up', {}, 1)
    done.resolve()
    await Promise.all(work)
    await shows('database_pool_waiting', {}, 0)
    await until(async () => long(await readMetrics(url)) >= long(before) + 2, 30)
  })

  test('tell how full the tables are, and how much room the disk has', async () => {
    const metrics = await readMetrics(url)
    for (const table of ['stages', 'requests', 'job_events', 'messages'])
      expect(metricOf(metrics, 'sound_forge_database_table_bytes', { table })).toBeGreaterThan(8000)
    expect(metricOf(metrics, 'sound_forge_database_live_tuples', { table: 'stages' })).toBeTypeOf('number')
    expect(metricOf(metrics, 'sound_forge_database_dead_tuples', { table: 'stages' })).toBeTypeOf('number')
    const tables = metrics
      .get('sound_forge_database_table_bytes')
      ?.samples.map(({ labels }) => labels['table'])
    expect(tables?.some((table) => table?.startsWith('pgboss.'))).toBe(true)
    expect(metricOf(metrics, 'sound_forge_files_free_bytes')).toBeGreaterThan(0)
    expect(metricOf(metrics, 'sound_forge_database_notify_queue_ratio')).toBeLessThan(1)
  })

  test('are all there, each with its type and what it means, under exactly these names', async () => {
    // In this world nobody chats.
    emit('courier:edit', { platform: 'discord', outcome: 'edited', lagMs: 1000 })
    emit('platform:ack', { platform: 'discord', ackMs: 100 })
    await shows('courier_lag_seconds_count', { platform: 'discord' }, 1)
    const answer = await fetch(`${url}/metrics`)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(text).not.toContain('otel_scope')
    const metrics = parseMetrics(text)
    const { target_info: target, ...rest } = Object.fromEntries(metrics)
    expect(target?.samples[0]?.labels).toMatchObject({ service_name: 'sound-forge-alchemy' })
    const optional = metrics.has('sound_forge_downloader_age_days') ? [] : ['sound_forge_downloader_age_days']
    expect(Object.keys(rest).sort()).toEqual(
      Object.keys(METRICS)
        .filter((name) => !optional.includes(name))
        .sort(),
    )
    for (const [name, { type, help, samples }] of Object.entries(rest)) {
      expect(type, name).toBe(METRICS[name as keyof typeof METRICS])
      expect(help, name).toMatch(/^[A-Z1].*\.$/)
      expect(samples.length, name).toBeGreaterThan(0)
    }
    // Neither ids nor days: what a label can be is known beforehand.
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|_\d{8}/)
  })

  test('are read once for all who ask within two seconds', async () => {
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${url}/metrics`)).text()),
    )
    expect(new Set(texts).size).toBe(1)
  })
})

describe('the metrics while the database is away', async () => {
  const address = new URL(await createDatabase())
  const door = await openDoor({ host: address.hostname, port: Number(address.port) })
  address.port = String(door.port)
  const world = await createWorld({ DATABASE_URL: address.href })
  world.onClose(() => door.shut())
  const { url, shows } = await serve(world)
  const status = async (path: string) => (await fetch(`${url}${path}`)).status

  test('are what the process itself knows; it lives, and is not ready', async () => {
    await shows('database_up', {}, 1)
    expect(await status('/readyz')).toBe(200)
    await door.shut()
    await shows('database_up', {}, 0)
    const metrics = await readMetrics(url)
    expect(metricOf(metrics, 'sound_forge_build_info')).toBe(1)
    expect(metrics.has('sound_forge_jobs_total')).toBe(true)
    expect(metrics.has('sound_forge_database_pool_connections')).toBe(true)
    // Better none than old ones.
    expect(metrics.has('sound_forge_queue_jobs')).toBe(false)
    const answer = await fetch(`${url}/readyz`)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toMatch(/^The database does not answer.*\.\n$/)
    expect(await status('/healthz')).toBe(200)
    await door.open()
    await shows('database_up', {}, 1)
    await until(async () => (await status('/readyz')) === 200, 30)
    expect((await readMetrics(url)).has('sound_forge_queue_jobs')).toBe(true)
  })

  test('are there within five seconds also when it says nothing at all', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const db = connect(`postgres://127.0.0.1:${port}/none`, createLog('silent'))
    const metrics = startMetrics({
      db,
      log: createLog('silent'),
      serviceName: 'test',
      filesFolder: undefined,
    })
    const sinceMs = performance.now()
    const families = parseMetrics(await metrics.text())
    expect(performance.now() - sinceMs).toBeLessThan(5_000)
    expect(metricOf(families, 'sound_forge_database_up')).toBe(0)
    expect(families.has('sound_forge_files_free_bytes')).toBe(false)
    await metrics.stop()
    silent.close()
    await db.close()
  })
})

describe('who may read the metrics', async () => {
  const SECRET = 'who-runs-all-of-this'
  const open = async (adminSecret: string | undefined, host = '127.0.0.1') => {
    const app = metricsApp({ text: async () => 'all of them\n' }, { adminSecret })
    const web = await startWebServer({ host, port: 0 }, [app], createLog('silent'))
    afterAll(() => web.stop())
    return web.url
  }
  const closed = await open(undefined)
  const opened = await open(SECRET)
  const proxied = { 'x-forwarded-for': '203.0.113.1' }
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
  const ask = (url: string, headers: Record<string, string> = {}) => fetch(`${url}/metrics`, { headers })

  test('whoever is at this machine', async () => {
    for (const url of [closed, opened]) {
      const answer = await ask(url)
      expect([answer.status, await answer.text()]).toEqual([200, 'all of them\n'])
    }
  })

  test.each<[string, Record<string, string>]>([
    ['without a secret', {}],
    ['with a wrong secret', bearer('who-runs-none-of-this')],
    ['with a part of it', bearer(SECRET.slice(0, -1))],
    ['with an empty one', bearer('')],
    ['by another scheme', { authorization: `Basic ${btoa(`admin:${SECRET}`)}` }],
  ])('nobody through a proxy %s', async (_name, headers) => {
    const answer = await ask(opened, { ...proxied, ...headers })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    const said = await answer.text()
    expect(said).toMatch(/^Give ADMIN_SECRET along: .*\.\n$/)
    expect(said).not.toContain(SECRET)
  })

  test('through a proxy with the secret', async () => {
    expect((await ask(opened, { ...proxied, ...bearer(SECRET) })).status).toBe(200)
    expect((await ask(opened, { ...proxied, authorization: `bearer ${SECRET}` })).status).toBe(200)
  })

  test('nobody by trying', async () => {
    const url = await open(SECRET)
    for (let tries = 0; tries < 10; tries++)
      expect((await ask(url, { ...proxied, ...bearer(`wrong ${tries}`) })).status).toBe(401)
    const answer = await ask(url, { ...proxied, ...bearer(SECRET) })
    expect([answer.status, await answer.text()]).toEqual([429, `${ERRORS.too_many_attempts}\n`])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(url)).status).toBe(200)
  })

  test('from a page of another site, nobody', async () => {
    expect((await ask(opened, { origin: 'https://elsewhere.example' })).status).toBe(401)
  })

  test('where no secret is set, nobody from elsewhere', async () => {
    for (const headers of [{}, bearer('undefined'), bearer(SECRET)]) {
      const answer = await ask(closed, { ...proxied, ...headers })
      expect([answer.status, await answer.text()]).toEqual([
        401,
        'Metrics are for this machine alone: set ADMIN_SECRET to read them from elsewhere.\n',
      ])
    }
  })

  test('by an address of this machine that others reach, only with the secret', async () => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address
    // Not every machine has one.
    if (!address) return
    const { port } = new URL(await open(SECRET, '0.0.0.0'))
    const url = `http://${address}:${port}`
    expect((await ask(url)).status).toBe(401)
    expect((await ask(url, bearer(SECRET))).status).toBe(200)
  })
})

describe('a worker without a bot', async () => {
  const world = await createWorld()
  const start = (env: Record<string, string>) => {
    const child = spawn(process.execPath, [MAIN, 'worker'], {
      env: {
        ...process.env,
        DATABASE_URL: world.url,
        DATA_DIR: world.settings.DATA_DIR,
        LOG_LEVEL: 'info',
        WORKER_QUEUES: 'download',
        DOWNLOAD_CONCURRENCY: '4',
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    world.onClose(() => killChild(child))
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    return { child, said: () => said }
  }

  test('serves them, and whether it lives and is ready, where METRICS_PORT says so', async () => {
    const { said } = start({ METRICS_PORT: '0' })
    const url = await until(() => /metrics can be read at (http:\S+)\/metrics/.exec(said())?.[1], 40)
    await until(async () => metricOf(await readMetrics(url), 'sound_forge_workers') === 1, 40)
    const limit = { queue: 'download' }
    expect(metricOf(await readMetrics(url), 'sound_forge_queue_limit', limit)).toBe(4)
    for (const [path, status] of Object.entries({ '/healthz': 200, '/readyz': 200, '/': 404 }))
      expect((await fetch(`${url}${path}`)).status, path).toBe(status)
  })

  test('says which setting is wrong where the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const { child, said } = start({ METRICS_PORT: String(port) })
    const [code] = await once(child, 'exit')
    expect(code).toBe(2)
    expect(said()).toMatch(/METRICS_PORT \d+ cannot be served \(EADDRINUSE\): set others\. \(bad_settings\)/)
    taken.close()
  })
})
