// Two machines, as two processes with folders of their own: what is said of a queue holds on both, and on one that comes later.
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drainQueues, lookAtQueues, pauseQueues, resumeQueues, scaleQueues } from '../../src/queue/control.ts'
import { killChild } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const BY = { platform: 'terminal', person: 'ann' }
const WITHIN_SECONDS = 40

describe('two machines', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '2', WORKER_QUEUES: 'download' })
  const { db } = world.services
  await world.script({ download: [{ do: 'succeed', seconds: 1 }] })
  const machine = async (name: string) => {
    const folder = join(world.folder, name)
    await mkdir(folder)
    await symlink(join(world.settings.DATA_DIR, 'files'), join(folder, 'files'))
    const worker = await world.workerProcess({ DATA_DIR: folder })
    expect(worker.said).toBe('working')
    return worker
  }
  const workers = [await machine('a'), await machine('b')]
  const look = async () => (await lookAtQueues(db, 'download'))[0] ?? expect.unreachable()
  const ask = (songs: number) => Promise.all(Array.from({ length: songs }, () => world.ask()))
  const running = (jobs: number) => until(async () => (await look()).running === jobs, WITHIN_SECONDS)
  const lastEvent = async () =>
    ((await world.rows('select coalesce(max(id), 0)::int as id from job_events'))[0]?.['id'] as number) ?? 0
  /** The machines that have begun a job since then, each with the most that it had at once. */
  const begunSince = (id: number) =>
    world.rows(
      `select b.worker_id as worker, count(*)::int as begun, max((select count(*) from job_events o where o.worker_id = b.worker_id
           and o.kind = 'start' and o.id <= b.id and not exists (
             select from job_events e where e.job_id = o.job_id and e.kind <> 'start' and e.id > o.id and e.id < b.id)))::int as most
       from job_events b where b.kind = 'start' and b.id > $1 group by b.worker_id`,
      [id],
    )
  const bothBegan = (id: number) => until(async () => (await begunSince(id)).length === 2, WITHIN_SECONDS)
  const allDone = () =>
    until(async () => {
      const { waiting, running } = await look()
      return waiting + running === 0
    }, WITHIN_SECONDS)

  test('work side by side, each with its own limit', async () => {
    expect(await look()).toMatchObject({ limit: 4, state: 'open', concurrency: null, changedBy: null })
    await ask(8)
    await allDone()
    const begun = await begunSince(0)
    expect(begun).toHaveLength(2)
    expect(Math.max(...begun.map(({ most }) => most))).toBe(2)
  })

  test('both pause, and both resume', async () => {
    const asked = await lastEvent()
    await ask(16)
    await bothBegan(asked)
    await pauseQueues(db, 'download', BY)
    await running(0)
    const paused = await lastEvent()
    expect(await look()).toMatchObject({ state: 'paused', limit: 4, running: 0, changedBy: BY })
    const { waiting } = await look()
    expect(waiting).toBeGreaterThan(0)
    await resumeQueues(db, 'download', BY)
    await allDone()
    expect(await begunSince(paused)).toHaveLength(2)
  })

  test('both keep to a limit, until each goes back to its own', async () => {
    await scaleQueues(db, 'download', 1, BY)
    expect(await look()).toMatchObject({ concurrency: 1, limit: 2 })
    const scaled = await lastEvent()
    await ask(8)
    await allDone()
    expect((await begunSince(scaled)).map(({ most }) => most)).toEqual([1, 1])

    await scaleQueues(db, 'download', null, BY)
    expect(await look()).toMatchObject({ concurrency: null, limit: 4 })
    const unscaled = await lastEvent()
    await ask(12)
    await allDone()
    expect(Math.max(...(await begunSince(unscaled)).map(({ most }) => most))).toBe(2)
  })

  test('both drain: what runs finishes, nothing starts, neither on a machine that comes meanwhile', async () => {
    await pauseQueues(db, 'processing', BY)
    const asked = await lastEvent()
    await ask(16)
    await bothBegan(asked)
    await drainQueues(db, undefined, BY)
    await running(0)
    const drained = await lastEvent()
    const { waiting } = await look()
    expect(waiting).toBeGreaterThan(0)
    for (const queue of await lookAtQueues(db, undefined)) expect(queue).toMatchObject({ state: 'drained' })

    for (const worker of workers.splice(0)) await killChild(worker)
    workers.push(await machine('c'), await machine('d'))
    expect(await look()).toMatchObject({ state: 'drained', waiting, running: 0 })
    await world.ask()
    expect(await look()).toMatchObject({ state: 'drained', waiting: waiting + 1, running: 0 })
    expect(await begunSince(drained)).toEqual([])

    await resumeQueues(db, undefined, BY)
    await allDone()
    expect(await begunSince(drained)).toHaveLength(2)
    for (const queue of await lookAtQueues(db, undefined))
      expect(queue).toMatchObject({ state: 'open', paused: false, draining: false })
  })

  test('both obey where the notification goes astray', async () => {
    const asked = await lastEvent()
    await ask(16)
    await bothBegan(asked)
    await world.rows(`update queue_controls set paused = true where queue = 'download'`)
    await running(0)
    expect((await look()).waiting).toBeGreaterThan(0)
    await world.rows(`update queue_controls set paused = false where queue = 'download'`)
    await allDone()
  })

  test('every job ran once, from its beginning to its end', async () => {
    const rows = await world.rows(
      `select job_id from job_events group by job_id
       having count(*) filter (where kind = 'start') <> 1 or count(*) filter (where kind = 'stop') <> 1`,
    )
    expect(rows).toEqual([])
  })
})
