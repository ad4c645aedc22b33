import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { searchSource } from '../../src/domain/parse-song.ts'
import { STAGES } from '../../src/queue/queues.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong } from '../support/world.ts'

describe('a worker that dies', async () => {
  const world = await createWorld()

  test.each(STAGES)('in %s: another finishes without repeating what is done', async (stage) => {
    const tool =
      {
        resolve: 'resolve',
        download: 'download',
        analysis: 'analyze',
        processing: 'separate',
        delivery: 'encode',
      }[stage] ?? ''
    await world.script({ [tool]: [{ do: 'succeed', seconds: 60 }] })
    const victim = await world.workerProcess()
    const { request } = await world.ask(stage === 'resolve' ? searchSource(randomUUID()) : newSong())
    const owner = {
      resolve: request.trackId,
      download: request.trackId,
      analysis: request.trackId,
      processing: request.separationId,
      delivery: request.id,
    }[stage]
    await world.running(owner, stage)
    const before = await world.rows(
      `select stage from stages where track_id = $1 and state = 'done' order by stage`,
      [request.trackId],
    )
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    const diedMs = performance.now()
    await world.script({})
    const heir = await world.workerProcess()
    expect(heir.said).toBe('working')
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(performance.now() - diedMs).toBeLessThan(15_000)
    for (const { stage: finished } of before) {
      const starts = await world.rows(
        `select 1 from job_events where track_id = $1 and queue like $2 and kind = 'start'`,
        [request.trackId, `${finished}%`],
      )
      expect(starts, `${finished} was done before the crash`).toHaveLength(1)
    }
    // A crash is no attempt: nobody's third try is used up by it.
    const [row] = await world.rows(`select attempt from stages where owner = $1 and stage = $2`, [
      owner,
      stage,
    ])
    expect(row?.attempt).toBe(1)
    heir.kill('SIGTERM')
    await once(heir, 'exit')
  })

  test('between fetching a job and beginning it: the job is taken up within seconds', async () => {
    await world.script({})
    const { request } = await world.ask()
    // As a worker leaves it that dies in between: active for pg-boss, waiting for us.
    const [job] = await world.services.boss.fetch('download')
    expect(job?.data).toEqual({ owner: request.trackId })
    const fetchedMs = performance.now()
    const worker = await world.workerProcess()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    // pg-boss alone would wait for the heartbeat, 10 s and more.
    expect(performance.now() - fetchedMs).toBeLessThan(9_000)
    worker.kill('SIGTERM')
    await once(worker, 'exit')
  })

  test('five times in the same job: it is discarded, as it may be what crashes us', async () => {
    await world.script({})
    const { request } = await world.ask()
    const [job] = await world.rows(`select job_id from stages where owner = $1`, [request.trackId])
    for (let crash = 0; crash < 5; crash++) {
      await world.rows(
        `insert into job_events (kind, job_id, queue, owner, track_id, attempt, worker_id) values ('start', $1, 'download', $2, $2, 1, gen_random_uuid())`,
        [job?.job_id, request.trackId],
      )
    }
    const worker = await world.workerProcess()
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'crashed_repeatedly' })
    worker.kill('SIGTERM')
    await once(worker, 'exit')
  })

  test('again and again under load: nothing is lost, nothing is done twice', async () => {
    await world.script({
      download: [{ do: 'succeed', seconds: 0.05 }],
      separate: [{ do: 'succeed', seconds: 0.1 }],
    })
    const asked = await Promise.all(Array.from({ length: 12 }, () => world.ask(newSong())))
    const open = async () =>
      (await world.rows(`select count(*)::int as n from requests where state = 'working'`))[0]?.n as number
    for (let kill = 0; kill < 3; kill++) {
      const worker = await world.workerProcess()
      const before = await open()
      await until(async () => (await open()) < before, 30)
      worker.kill('SIGKILL')
      await once(worker, 'exit')
    }
    await world.workerProcess()
    for (const { request } of asked) expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const twice = await world.rows(
      `select owner, queue from job_events where kind = 'stop' group by owner, queue having count(*) > 1`,
    )
    expect(twice).toEqual([])
    const stages = await world.rows(
      `select count(*)::int as n from stages where state = 'done' and track_id = any($1)`,
      [asked.map(({ request }) => request.trackId)],
    )
    expect(stages).toEqual([{ n: 48 }])
  })
})

describe('two workers on one machine', async () => {
  const world = await createWorld()
  await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })

  test('the second waits, and takes over with the job when the first stops, at no attempt', async () => {
    const first = await world.workerProcess()
    expect(first.said).toBe('working')
    const second = await world.workerProcess()
    expect(second.said).toBe('waiting')
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await world.script({})
    first.kill('SIGTERM')
    await once(first, 'exit')
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const kinds = await world.rows(`select kind from job_events where owner = $1 order by id`, [
      request.separationId,
    ])
    expect(kinds.map(({ kind }) => kind)).toEqual(['start', 'released', 'start', 'stop'])
  })

  test('the second takes over from a first that is frozen, and the thawed one gives way', {
    timeout: 90_000,
  }, async () => {
    await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })
    await until(async () => (await world.rows('select 1 from workers')).length === 1)
    const holder = (await world.rows('select pid from workers'))[0]?.pid as number
    const second = await world.workerProcess()
    expect(second.said).toBe('waiting')
    const { request } = await world.ask(newSong())
    await world.running(request.separationId, 'processing')
    process.kill(holder, 'SIGSTOP')
    await world.script({})
    expect(await world.ended(request, 60)).toMatchObject({ state: 'ready' })
    process.kill(holder, 'SIGCONT')
    await until(async () => (await world.rows('select 1 from workers where pid = $1', [holder])).length === 0)
    const { request: next } = await world.ask(newSong())
    expect(await world.ended(next)).toMatchObject({ state: 'ready' })
    const stops = await world.rows(`select 1 from job_events where track_id = $1 and kind = 'stop'`, [
      request.trackId,
    ])
    expect(stops).toHaveLength(4)
  })
})
