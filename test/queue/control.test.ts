import { describe, expect, test } from 'vitest'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { drainQueues, lookAtQueues, pauseQueues, resumeQueues, scaleQueues } from '../../src/queue/control.ts'
import { until } from '../support/until.ts'
import { createWorld, type World } from '../support/world.ts'

const BY = { platform: 'terminal', person: 'ann' }
const ask = (world: World, songs: number) => Promise.all(Array.from({ length: songs }, () => world.ask()))
const look = async (world: World) =>
  (await lookAtQueues(world.services.db, 'download'))[0] ?? expect.unreachable()
const runs = (world: World, jobs: number) => until(async () => (await look(world)).running === jobs)
const now = async (world: World) => (await world.rows('select clock_timestamp() as at'))[0]?.at as Date

/** How many downloads ran at once at the moment at which each of them began, first come first. */
async function crowd(world: World): Promise<{ at: Date; running: number }[]> {
  return world.rows(
    `select s.at, 1 + (select count(*)::int from job_events b where b.queue = 'download' and b.kind = 'start' and b.at < s.at
        and not exists (select 1 from job_events e where e.job_id = b.job_id and e.kind <> 'start' and e.at >= b.at and e.at <= s.at)) as running
     from job_events s where s.queue = 'download' and s.kind = 'start' order by s.at`,
  ) as Promise<{ at: Date; running: number }[]>
}

/** Every job ran once, from its beginning to its end. */
async function undisturbed(world: World) {
  const rows = await world.rows(
    `select job_id from job_events group by job_id
     having count(*) filter (where kind = 'start') <> 1 or count(*) filter (where kind = 'stop') <> 1`,
  )
  expect(rows).toEqual([])
}

describe('pause', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '2' })
  await world.script({ download: [{ do: 'succeed', seconds: 1.2 }] })
  await world.worker().decided

  test('holds what waits while what runs finishes, and resume goes on', async () => {
    const claims = await ask(world, 5)
    await runs(world, 2)
    await pauseQueues(world.services.db, 'download', BY)
    await until(async () => (await look(world)).running === 0)
    expect(await look(world)).toEqual({
      queue: 'download',
      state: 'paused',
      paused: true,
      draining: false,
      concurrency: null,
      limit: 2,
      waiting: 3,
      running: 0,
      changedAt: expect.any(Date),
      changedBy: BY,
    })
    const started = (await crowd(world)).length
    expect(started).toBe(2)
    // Others are not held: their work goes on beside it.
    await until(async () => {
      const ready = await world.rows(`select 1 from requests where state = 'ready'`)
      return ready.length === 2
    })
    expect((await look(world)).waiting).toBe(3)

    const resumedMs = performance.now()
    await resumeQueues(world.services.db, 'download', BY)
    await runs(world, 2)
    expect(performance.now() - resumedMs).toBeLessThan(2000)
    for (const { request } of claims) expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(Math.max(...(await crowd(world)).map(({ running }) => running))).toBe(2)
    await undisturbed(world)
  })

  test('resumed while jobs still run that began before it, no more run than the limit', async () => {
    const began = await now(world)
    const claims = await ask(world, 6)
    await runs(world, 2)
    for (let times = 0; times < 5; times += 1) {
      await pauseQueues(world.services.db, 'download', BY)
      await resumeQueues(world.services.db, 'download', BY)
    }
    for (const { request } of claims) expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const since = (await crowd(world)).filter(({ at }) => at > began)
    expect(since).toHaveLength(6)
    expect(Math.max(...since.map(({ running }) => running))).toBe(2)
    await undisturbed(world)
  })

  test('of all queues and of delivery reaches every one of them', async () => {
    await pauseQueues(world.services.db, undefined, BY)
    expect((await lookAtQueues(world.services.db, undefined)).every(({ paused }) => paused)).toBe(true)
    await resumeQueues(world.services.db, 'delivery', BY)
    for (const { queue, paused } of await lookAtQueues(world.services.db, undefined))
      expect([queue, paused]).toEqual([queue, !queue.startsWith('delivery-')])
    await resumeQueues(world.services.db, undefined, BY)
  })
})

describe('drain', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '1' })
  await world.script({ download: [{ do: 'stall' }, { do: 'succeed' }] })
  await world.worker().decided

  test('is draining while something runs, drained then, and resume ends it with what was paused before', async () => {
    const claims = await ask(world, 2)
    await runs(world, 1)
    await pauseQueues(world.services.db, 'download', BY)
    await drainQueues(world.services.db, undefined, BY)
    expect(await look(world)).toMatchObject({ state: 'draining', running: 1, waiting: 1, paused: true })
    for (const { request } of claims) await cancelRequest(world.services, request.id)
    await until(async () => (await look(world)).state === 'drained')
    const third = await world.ask()
    await resumeQueues(world.services.db, undefined, BY)
    expect(await look(world)).toMatchObject({ state: 'open', paused: false, draining: false })
    expect(await world.ended(third.request)).toMatchObject({ state: 'ready' })
  })
})

describe('a paused queue', async () => {
  const world = await createWorld()
  await world.script({})

  test('stays paused over a restart of the worker', async () => {
    await pauseQueues(world.services.db, 'download', BY)
    const first = world.worker()
    await first.decided
    const { request } = await world.ask()
    await first.stop(0)
    const second = world.worker()
    await second.decided
    await until(() => world.services.boss.getWipData().some(({ name }) => name === 'analysis'))
    expect(world.services.boss.getWipData().filter(({ name }) => name === 'download')).toEqual([])
    expect(await look(world)).toMatchObject({ paused: true, waiting: 1, running: 0 })
    await resumeQueues(world.services.db, 'download', BY)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    await second.stop(0)
  })

  test('lets the worker stop at once, with nothing lost', async () => {
    const worker = world.worker()
    await worker.decided
    await pauseQueues(world.services.db, undefined, BY)
    const { request } = await world.ask()
    const stoppingMs = performance.now()
    await worker.stop(20)
    expect(performance.now() - stoppingMs).toBeLessThan(5000)
    await resumeQueues(world.services.db, undefined, BY)
    await world.worker().decided
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
  })
})

describe('scale', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '2' })
  await world.script({ download: [{ do: 'succeed', seconds: 0.8 }] })
  await world.worker().decided

  test('2 to 1 to 3: jobs that run are left alone, and no more begin than the limit allows', async () => {
    const claims = await ask(world, 12)
    await runs(world, 2)
    await scaleQueues(world.services.db, 'download', 1, BY)
    const lowered = await now(world)
    await until(async () => (await crowd(world)).length >= 4)
    const raised = await now(world)
    await scaleQueues(world.services.db, 'download', 3, BY)
    await runs(world, 3)
    for (const { request } of claims) expect(await world.ended(request)).toMatchObject({ state: 'ready' })

    const began = await crowd(world)
    const between = began.filter(({ at }) => at > lowered && at < raised)
    expect(between.length).toBeGreaterThanOrEqual(2)
    expect(Math.max(...between.map(({ running }) => running))).toBe(1)
    expect(Math.max(...began.map(({ running }) => running))).toBe(3)
    await undisturbed(world)
    expect(await look(world)).toMatchObject({ concurrency: 3, paused: false })
  })

  test('many changes at once end as the last of them says', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => scaleQueues(world.services.db, 'download', index + 1, BY)),
    )
    await scaleQueues(world.services.db, 'download', 4, BY)
    const loops = () => world.services.boss.getWipData().filter(({ name }) => name === 'download')
    await until(() => loops().length === 4 && loops().every(({ state }) => state === 'active'))
  })

  test('what was said while the worker could not hear it holds after its reconnect', async () => {
    await world.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen "sound_forge_control"'`,
    )
    // Without the notification: nothing but the reconnect tells of it.
    await world.rows(`update queue_controls set paused = true where queue = 'download'`)
    await until(() => world.services.boss.getWipData().every(({ name }) => name !== 'download'))
    await resumeQueues(world.services.db, 'download', BY)
    await until(() => world.services.boss.getWipData().some(({ name }) => name === 'download'))
  })

  test('a limit that is none is refused', async () => {
    await expect(scaleQueues(world.services.db, 'download', 0, BY)).rejects.toThrow()
    await expect(scaleQueues(world.services.db, 'download', 65, BY)).rejects.toThrow()
    await scaleQueues(world.services.db, 'download', null, BY)
    expect(await look(world)).toMatchObject({ concurrency: null, limit: 2 })
  })
})
