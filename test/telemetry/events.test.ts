// What code that subscribes is told of the jobs: a real world with scripted tools, and every way in which an attempt ends.
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { parseLink } from '../../src/domain/link.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import type { StageName } from '../../src/queue/queues.ts'
import { emit, subscribe, type TelemetryEvents } from '../../src/telemetry/events.ts'
import { openDoor } from '../support/outage.ts'
import { until } from '../support/until.ts'
import { createDatabase, createWorld } from '../support/world.ts'

type Told = {
  [E in 'job:start' | 'job:stop' | 'job:exception']: { name: E } & TelemetryEvents[E]
}['job:start' | 'job:stop' | 'job:exception']

/** All that is told of jobs from now on. */
function listen() {
  const told: Told[] = []
  subscribe('job:start', (event) => void told.push({ name: 'job:start', ...event }))
  subscribe('job:stop', (event) => void told.push({ name: 'job:stop', ...event }))
  subscribe('job:exception', (event) => void told.push({ name: 'job:exception', ...event }))
  return {
    of: (trackId: string, stage: StageName) =>
      told.filter((event) => event.trackId === trackId && event.stage === stage),
  }
}

const failure = { do: 'error', code: 'out_of_memory', message: 'There was no memory.' }

describe('the events of a job', async () => {
  const world = await createWorld()
  await world.script({})
  await world.worker().decided
  const [worker] = await world.rows('select id from workers')
  const heard = listen()
  /** What the next calls of a tool do; calls are counted over the whole world. */
  const next = async (tool: 'download' | 'separate' | 'resolve', actions: object[]) => {
    const call = (await world.calls()).filter((name) => name === tool).length
    await world.script({ [tool]: [...Array(call).fill({ do: 'succeed' }), ...actions, { do: 'succeed' }] })
  }
  /** Waits until so many have ended. */
  const ends = (trackId: string, stage: StageName, count = 1) =>
    until(() => {
      const all = heard.of(trackId, stage)
      return all.filter(({ name }) => name !== 'job:start').length >= count ? all : undefined
    }, 40)

  test('that is done: its start and its stop, with all their fields', async () => {
    const { request } = await world.ask()
    await world.ended(request)
    const told = await ends(request.trackId, 'processing')
    const [stage] = await world.rows('select job_id from stages where owner = $1', [request.separationId])
    const attempt = {
      queue: 'processing',
      stage: 'processing',
      jobId: stage?.job_id,
      owner: request.separationId,
      trackId: request.trackId,
      requests: [{ id: request.id, number: request.number }],
      attempt: 1,
      workerId: worker?.id,
      queueMs: expect.any(Number),
      startedAt: expect.any(Date),
    }
    expect(told).toEqual([
      { name: 'job:start', ...attempt },
      {
        name: 'job:stop',
        ...attempt,
        result: 'done',
        errorCode: null,
        durationMs: expect.any(Number),
        audioSeconds: 30,
        model: 'starter',
        device: 'cpu',
      },
    ])
    expect(told[0]?.queueMs).toBeGreaterThanOrEqual(0)
    for (const stage of ['download', 'analysis', 'delivery'] as const)
      expect((await ends(request.trackId, stage)).map(({ name }) => name)).toEqual(['job:start', 'job:stop'])
    expect(heard.of(request.trackId, 'delivery')[0]).toMatchObject({ queue: 'delivery-terminal' })
  })

  test('are told after the transaction that writes them down, and say the same', async () => {
    const written: Promise<Record<string, unknown>[]>[] = []
    const look = (kind: string) => (event: { jobId: string }) =>
      void written.push(
        world.rows(`select * from job_events where job_id = $1 and kind = '${kind}'`, [event.jobId]),
      )
    const off = [subscribe('job:start', look('start')), subscribe('job:stop', look('stop'))]
    const { request } = await world.ask()
    await world.ended(request)
    const [, stop] = await ends(request.trackId, 'download')
    for (const end of off) end()
    for (const rows of await Promise.all(written)) expect(rows).toHaveLength(1)
    const [row] = await world.rows(`select * from job_events where job_id = $1 and kind = 'stop'`, [
      stop?.jobId,
    ])
    expect(stop).toMatchObject({
      queue: row?.queue,
      owner: row?.owner,
      attempt: row?.attempt,
      workerId: row?.worker_id,
      durationMs: row?.duration_ms,
      queueMs: row?.queue_ms,
    })
  })

  test('name every request that waits for it, the oldest first', async () => {
    await next('separate', [{ do: 'succeed' }])
    const source = parseLink(`spotify:track:${'1'.repeat(22)}`)
    const { request } = await world.ask(source)
    await world.ended(request)
    const again = parseLink(`spotify:track:${'2'.repeat(22)}`)
    await next('resolve', [{ do: 'succeed', seconds: 3 }])
    const first = await world.ask(again)
    const second = await world.ask(again, { person: 'bob' })
    const [start] = await ends(first.request.trackId, 'resolve')
    // Whether the other had asked already when it began is not ours to say.
    expect(start?.requests[0]).toEqual({ id: first.request.id, number: first.request.number })
    for (const each of [first, second]) await world.ended(each.request)
    const numbers = [first.request.number, second.request.number]
    const found = (await world.rows('select track_id from requests where id = $1', [first.request.id]))[0]
    const [later] = await ends(found?.track_id, 'processing')
    expect(later?.requests.map(({ number }) => number)).toEqual(numbers)
  })

  test('that fails and is tried again: an exception, then a start with the next number', async () => {
    await next('download', [{ ...failure, retryable: true }])
    const { request } = await world.ask()
    await world.ended(request)
    const told = await ends(request.trackId, 'download', 2)
    expect(told.map(({ name, attempt }) => [name, attempt])).toEqual([
      ['job:start', 1],
      ['job:exception', 1],
      ['job:start', 2],
      ['job:stop', 2],
    ])
    expect(told[1]).toMatchObject({
      result: 'retrying',
      errorCode: 'out_of_memory',
      errorMessage: 'There was no memory.',
      durationMs: expect.any(Number),
    })
  })

  test('that is given up at once, or after its last attempt: an exception that says so', async () => {
    await next('download', [{ ...failure, retryable: false }])
    const once = await world.ask()
    await world.ended(once.request)
    expect((await ends(once.request.trackId, 'download')).at(-1)).toMatchObject({
      name: 'job:exception',
      attempt: 1,
      result: 'discarded',
      errorCode: 'out_of_memory',
    })
    await next('download', Array(3).fill({ ...failure, retryable: true }))
    const { request } = await world.ask()
    await world.ended(request)
    const told = await ends(request.trackId, 'download', 3)
    expect(told.flatMap((event) => ('result' in event ? [`${event.attempt} ${event.result}`] : []))).toEqual([
      '1 retrying',
      '2 retrying',
      '3 discarded',
    ])
  })

  test('that a person cancels: a stop', async () => {
    await next('separate', [{ do: 'stall' }])
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await cancelRequest(world.services, request.id)
    expect((await ends(request.trackId, 'processing')).at(-1)).toMatchObject({
      name: 'job:stop',
      result: 'cancelled',
      errorCode: null,
    })
  })

  test('that is put off: a stop that says why, and a start with the same number', async () => {
    const pause = { do: 'error', code: 'spotify_rate_limited', retryable: false, retryAfterSeconds: 4 }
    await next('resolve', [pause])
    const { request } = await world.ask(parseLink(`spotify:track:${'3'.repeat(22)}`))
    const told = await ends(request.trackId, 'resolve', 2)
    const [, stop, again] = told
    expect(stop).toMatchObject({ name: 'job:stop', result: 'postponed', errorCode: 'spotify_rate_limited' })
    expect([told[0]?.attempt, again?.attempt]).toEqual([1, 1])
    await world.ended(request)
  })

  test('that is taken away: lost', async () => {
    await next('download', [{ do: 'succeed', seconds: 3 }])
    const { request } = await world.ask()
    await world.running(request.trackId, 'download')
    const [job] = await world.rows(
      'select j.id, j.retry_count from pgboss.job j join stages s on s.job_id = j.id where s.owner = $1',
      [request.trackId],
    )
    await world.services.boss.fail('download', { id: job?.id, retryCount: job?.retry_count })
    await world.ended(request)
    const told = await ends(request.trackId, 'download', 2)
    const results = told.flatMap((event) => ('result' in event ? [event.result] : []))
    expect(results.sort()).toEqual(['done', 'lost'])
  })
})

describe('the events of a job at a shutdown', () => {
  test('say that it was given back', async () => {
    const world = await createWorld()
    const heard = listen()
    await world.script({ download: [{ do: 'stall' }] })
    const worker = world.worker()
    const { request } = await world.ask()
    await world.running(request.trackId, 'download')
    await worker.stop(0)
    expect(heard.of(request.trackId, 'download').at(-1)).toMatchObject({
      name: 'job:stop',
      result: 'released',
      errorCode: null,
    })
  })

  test('say that its end is lost where it could not be written down', async () => {
    const url = new URL(await createDatabase())
    const door = await openDoor({ host: url.hostname, port: Number(url.port) })
    url.port = String(door.port)
    const world = await createWorld({ DATABASE_URL: url.href })
    world.onClose(() => door.open().catch(() => {}))
    const heard = listen()
    await world.script({ download: [{ do: 'stall' }] })
    const worker = world.worker()
    const { request } = await world.ask()
    await world.running(request.trackId, 'download')
    await door.shut()
    const stopped = worker.stop(0)
    const ended = () => heard.of(request.trackId, 'download').filter(({ name }) => name !== 'job:start')
    await until(() => ended().length > 0, 40)
    expect(ended()).toMatchObject([{ name: 'job:stop', result: 'lost' }])
    await door.open()
    await stopped
  })
})

describe('who subscribes', () => {
  const edit = { platform: 'discord', outcome: 'edited', lagMs: 1 } as const

  test('is told in the moment, until they have had enough', () => {
    const told: unknown[] = []
    const off = subscribe('courier:edit', (event) => void told.push(event))
    emit('courier:edit', edit)
    expect(told).toEqual([edit])
    off()
    emit('courier:edit', edit)
    expect(told).toHaveLength(1)
  })

  test.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('a bug of theirs')
      },
    ],
    ['fails later', async () => Promise.reject(new Error('a bug of theirs'))],
  ])('and %s is taken off with a warning, and harms nobody', async (_name, broken) => {
    const told: string[] = []
    let calls = 0
    const warned = once(process, 'warning')
    const ends = [
      subscribe('courier:edit', () => void told.push('before')),
      subscribe('courier:edit', () => {
        calls++
        return broken()
      }),
      subscribe('courier:edit', () => void told.push('after')),
    ]
    emit('courier:edit', edit)
    const [warning] = (await warned) as [Error]
    expect(warning.name).toBe('TelemetryWarning')
    expect(warning.message).toBe('a handler of courier:edit was taken off: a bug of theirs')
    emit('courier:edit', edit)
    expect(told).toEqual(['before', 'after', 'before', 'after'])
    expect(calls).toBe(1)
    for (const end of ends) end()
  })

  test('and throws does not disturb the work', async () => {
    const world = await createWorld()
    await world.script({})
    await world.worker().decided
    const broken = () => {
      throw new Error('a bug of theirs')
    }
    const ends = (['job:start', 'job:stop'] as const).map((name) => subscribe(name, broken))
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    for (const end of ends) end()
    expect(await world.rows(`select 1 from job_events where kind = 'exception'`)).toEqual([])
  })
})
