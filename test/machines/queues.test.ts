// Workers that share the work: each works what it is told to, each folder is a machine of its own, and all keep songs in one place.
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { cardOf } from '../../src/domain/card.ts'
import type { StageName } from '../../src/queue/queues.ts'
import { readCard } from '../../src/store/cards.ts'
import type { Worker } from '../../src/worker.ts'
import { killChild } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const STARTER = { name: 'starter', weights: 'aaaa1111' }
const LARGE = { name: 'htdemucs', weights: 'bbbb2222' }
const MAIN = join(import.meta.dirname, '../../src/main.ts')

describe('workers of several machines', async () => {
  const world = await createWorld()
  const working: Worker[] = []
  let folders = 0

  /** A worker with a folder of its own. */
  const machine = async (queues: StageName[], models: (typeof STARTER)[] = []) => {
    const DATA_DIR = join(world.folder, `machine${folders++}`)
    await mkdir(DATA_DIR)
    const own = { DATA_DIR, WORKER_QUEUES: queues, PROCESSING_CONCURRENCY: 1 }
    const worker = world.worker({ models, settings: own })
    working.push(worker)
    await worker.decided
    expect(worker.working).toBe(true)
    return worker
  }
  afterEach(() => Promise.all(working.splice(0).map((worker) => worker.stop(0))))

  const noteOf = async (request: { id: string }, stage: StageName) => {
    const facts = await readCard(world.services.db, request.id)
    return facts && cardOf(facts, new Date()).lines.find((line) => line.stage === stage)?.note
  }
  const says = (request: { id: string }, stage: StageName, note: string) =>
    until(async () => (await noteOf(request, stage)) === note)

  test('each works its queues alone, and a card says whom it waits for while there is none', async () => {
    await world.script({})
    const { request } = await world.ask()
    await says(request, 'download', 'waiting for a worker that downloads: none is running')
    await machine(['resolve', 'download'])
    await says(request, 'analysis', 'waiting for a worker that analyses: none is running')
    await says(request, 'processing', 'waiting for a worker that separates: none is running')
    await machine(['processing'], [STARTER])
    await machine(['analysis'])
    await says(request, 'delivery', 'waiting for a worker that delivers here: none is running')
    await machine(['delivery'])
    expect((await world.ended(request)).state).toBe('ready')
    const worked = await world.rows(
      `select e.queue, w.queues from job_events e join workers w on w.id = e.worker_id where e.kind = 'stop' order by e.queue`,
    )
    expect(worked).toEqual([
      { queue: 'analysis', queues: { analysis: 2 } },
      {
        queue: 'delivery-terminal',
        queues: { 'delivery-terminal': 2, 'delivery-room': 2 },
      },
      { queue: 'download', queues: { resolve: 3, download: 3 } },
      { queue: 'processing', queues: { processing: 1 } },
    ])
  })

  test('the model is chosen among those of the workers that separate', async () => {
    await machine(['download', 'resolve', 'analysis', 'delivery'])
    await machine(['processing'], [STARTER])
    const { request } = await world.ask()
    expect((await world.ended(request)).state).toBe('ready')
    const models = await world.rows('select model from separations where id = $1', [request.separationId])
    expect(models).toEqual([{ model: 'starter' }])
  })

  test('a worker without the model leaves the song to one that has it', async () => {
    await machine(['download', 'resolve', 'analysis', 'delivery'])
    await machine(['processing'], [STARTER])
    await machine(['processing'], [LARGE])
    await world.script({ separate: [{ do: 'succeed', seconds: 0.5 }] })
    const asked = await Promise.all([1, 2, 3, 4].map(() => world.ask(undefined, { model: 'htdemucs' })))
    for (const { request } of asked) expect((await world.ended(request)).state).toBe('ready')
    const ended = await world.rows(
      `select distinct e.kind, w.models from job_events e join workers w on w.id = e.worker_id
       where e.owner = any($1) and e.kind in ('stop', 'postponed') order by e.kind`,
      [asked.map(({ request }) => request.separationId)],
    )
    expect(ended).toEqual([
      { kind: 'postponed', models: [STARTER] },
      { kind: 'stop', models: [LARGE] },
    ])
  })
})

describe('processes with disks of their own', async () => {
  const world = await createWorld()
  const start = (command: string, folder: string) => {
    const child = spawn(process.execPath, [MAIN, command], {
      env: { ...process.env, DATABASE_URL: world.url, DATA_DIR: join(world.folder, folder), PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    world.onClose(() => killChild(child))
    return { child, stderr: text(child.stderr), stdout: text(child.stdout) }
  }
  const stores = () =>
    world.rows(
      `select distinct application_name from pg_stat_activity
       where datname = current_database() and application_name like 'sound-forge files %'`,
    )
  const stores_are = (count: number) => until(async () => (await stores()).length === count, 60)

  test('are told so; with the same disk, and after the others, they start', async () => {
    const first = start('bot', 'one')
    await stores_are(1)
    const [before] = await stores()
    const other = start('bot', 'two')
    expect(await other.stderr).toMatch(
      /keep songs on a disk that is not the one here: set FILES.*\(files_unavailable\)/,
    )
    // It may pass: whoever starts it is to try again.
    await until(() => other.child.exitCode === 1)
    const same = start('bot', 'one')
    expect(
      await new Promise((resolve) => same.child.stdout?.once('data', (data) => resolve(String(data)))),
    ).toMatch(/The room is open/)
    for (const { child } of [first, same]) await killChild(child)
    await stores_are(0)
    const last = start('bot', 'two')
    await stores_are(1)
    expect(await stores()).not.toEqual([before])
    // As of a machine that vanished, nothing is heard of it.
    last.child.kill('SIGSTOP')
    await stores_are(0)
  })
})
