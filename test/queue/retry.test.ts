import { describe, expect, test } from 'vitest'
import { cancelRequest, failRequest } from '../../src/queue/cancel.ts'
import { retryRequest } from '../../src/queue/retry.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong, type World } from '../support/world.ts'

const depsOf = (world: World, maxOpenRequests = 40) => ({
  ...world.services,
  maxOpenRequests,
  doors: world.settings.SOURCES,
})
const jobsOf = async (world: World, trackId: string, queue: string) =>
  (
    await world.rows(
      `select distinct job_id from job_events where track_id = $1 and queue = $2 and kind = 'start'`,
      [trackId, queue],
    )
  ).map((row) => row.job_id as string)

describe('retry', async () => {
  const world = await createWorld()
  await world.script({})
  await world.worker().decided
  const broken = { do: 'error', code: 'not_audio', retryable: false, message: 'It broke.' }
  /** What the next calls of a tool do; calls are counted over the whole world. */
  const next = async (tool: 'download' | 'separate' | 'encode' | 'analyze', actions: object[]) => {
    const call = (await world.calls()).filter((name) => name === tool).length
    await world.script({ [tool]: [...Array(call).fill({ do: 'succeed' }), ...actions, { do: 'succeed' }] })
  }

  test('of a failed separation splits again, and does again nothing that is done', async () => {
    await next('separate', [broken])
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'not_audio' })
    const before = (await world.calls()).length
    const done = () =>
      world.rows(`select stage, job_id from stages where track_id = $1 and state = 'done' order by stage`, [
        request.trackId,
      ])
    const kept = await done()
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toEqual({ state: 'ready', code: null, message: null })
    expect(await done()).toEqual(expect.arrayContaining(kept))
    const calls = (await world.calls()).slice(before)
    expect(calls.filter((tool) => tool !== 'analyze')).toEqual(['separate', 'encode'])
    expect(await jobsOf(world, request.trackId, 'processing')).toHaveLength(2)
  })

  test('of a download that was given up has all its attempts again', async () => {
    const passing = { ...broken, retryable: true }
    await next('download', [passing, passing, passing, passing])
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'failed' })
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const attempts = await world.rows(
      `select attempt, kind from job_events where track_id = $1 and queue = 'download' and kind <> 'start' order by id`,
      [request.trackId],
    )
    expect(attempts.map(({ attempt, kind }) => `${attempt} ${kind}`)).toEqual([
      '1 exception',
      '2 exception',
      '3 exception',
      '1 exception',
      '2 stop',
    ])
  })

  test('of a delivery that failed only delivers', async () => {
    await next('encode', [broken])
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'failed' })
    const before = (await world.calls()).length
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice(before)).toEqual(['encode'])
  })

  test('of a cancelled request goes on from where it was', async () => {
    await next('separate', [{ do: 'stall' }])
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await cancelRequest(world.services, request.id)
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(await jobsOf(world, request.trackId, 'download')).toHaveLength(1)
  })

  test('of a request that was cancelled when its stems were there hands them over', async () => {
    await world.script({})
    const { request } = await world.ask()
    await world.ended(request)
    await cancelRequest(world.services, request.id)
    const before = (await world.calls()).length
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).length).toBe(before)
  })

  test('makes anew what lost its files meanwhile', async () => {
    await next('encode', [broken])
    const { request } = await world.ask()
    await world.ended(request)
    await world.services.files.remove(request.separationId ?? '')
    const before = (await world.calls()).length
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice(before)).toEqual(['separate', 'encode'])
  })

  test('joins the work that another wants', async () => {
    await next('separate', [{ do: 'succeed', seconds: 1.5 }])
    const song = newSong()
    const mine = await world.ask(song)
    const theirs = await world.ask(song, { person: 'bob' })
    await world.running(mine.request.separationId, 'processing')
    await cancelRequest(world.services, mine.request.id)
    expect(await retryRequest(depsOf(world), mine.request.id)).toBe(true)
    expect(await world.ended(mine.request)).toMatchObject({ state: 'ready' })
    expect(await world.ended(theirs.request)).toMatchObject({ state: 'ready' })
    expect(await jobsOf(world, mine.request.trackId, 'processing')).toHaveLength(1)
  })

  test('before pg-boss has heard of the end of the last attempt sends a job of its own', async () => {
    await next('download', [{ do: 'stall' }])
    const { request } = await world.ask()
    await world.running(request.trackId, 'download')
    const [old] = await jobsOf(world, request.trackId, 'download')
    // As between the transaction that discards a stage and the answer of its handler.
    await world.services.db.transaction(async (tx) => {
      await tx.query(`update stages set state = 'discarded' where owner = $1`, [request.trackId])
      await tx.query(`update requests set state = 'failed' where id = $1`, [request.id])
    })
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    const [stage] = await world.rows('select job_id from stages where owner = $1', [request.trackId])
    expect(stage?.job_id).not.toBe(old)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
  })

  test('pressed ten times at once, goes on once', async () => {
    await next('separate', [broken])
    const { request } = await world.ask()
    await world.ended(request)
    const results = await Promise.all(
      Array.from({ length: 10 }, () => retryRequest(depsOf(world), request.id)),
    )
    expect(results.filter(Boolean)).toHaveLength(1)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(await jobsOf(world, request.trackId, 'processing')).toHaveLength(2)
  })

  test('is for what failed or was cancelled, and counts as a request under way', async () => {
    await world.script({})
    const { request } = await world.ask()
    await world.ended(request)
    expect(await retryRequest(depsOf(world), request.id)).toBe(false)
    expect(await retryRequest(depsOf(world), '5f0a57a2-d681-4059-8000-000000000012')).toBe(false)
    const full = await world.ask(newSong(), { person: 'full' })
    await world.ended(full.request)
    await cancelRequest(world.services, full.request.id)
    await expect(retryRequest(depsOf(world, 0), full.request.id)).rejects.toMatchObject({
      code: 'too_many_requests',
    })
    expect(await world.ended(full.request)).toMatchObject({ state: 'cancelled' })
  })
})

describe('retry of a request whose model was still open', async () => {
  const world = await createWorld()
  await world.script({})

  test('takes the model that there is now', async () => {
    const { request } = await world.ask()
    await cancelRequest(world.services, request.id)
    await world.worker().decided
    expect(await retryRequest(depsOf(world), request.id)).toBe(true)
    const [now] = await world.rows(
      'select s.model from separations s join requests r on r.separation_id = s.id where r.id = $1',
      [request.id],
    )
    expect(now).toEqual({ model: 'starter' })
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
  })
})

describe('a request that its platform cannot show', async () => {
  const world = await createWorld()
  await world.script({ download: [{ do: 'stall' }] })
  await world.worker().decided
  const error = { code: 'chat_forbidden', message: 'I may not post there.' }

  test('fails, and the work that nobody else wants ends', async () => {
    const { request } = await world.ask()
    await world.running(request.trackId, 'download')
    expect(await failRequest(world.services, request.id, error)).toBe(true)
    expect(await world.ended(request)).toEqual({ state: 'failed', ...error })
    await until(
      async () =>
        (
          await world.rows(`select 1 from job_events where track_id = $1 and kind = 'cancelled'`, [
            request.trackId,
          ])
        ).length > 0,
    )
    expect(await world.rows('select 1 from stages where track_id = $1', [request.trackId])).toEqual([])
    expect(await failRequest(world.services, request.id, error)).toBe(false)
  })

  test('leaves what others want, and goes on when it is tried again', async () => {
    const song = newSong()
    const mine = await world.ask(song)
    const theirs = await world.ask(song, { person: 'bob' })
    await world.running(mine.request.trackId, 'download')
    const [job] = await jobsOf(world, mine.request.trackId, 'download')
    await failRequest(world.services, mine.request.id, error)
    expect(await retryRequest(depsOf(world), mine.request.id)).toBe(true)
    expect(await jobsOf(world, mine.request.trackId, 'download')).toEqual([job])
    for (const { request } of [mine, theirs]) await cancelRequest(world.services, request.id)
  })
})
