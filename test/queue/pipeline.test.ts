import { describe, expect, test } from 'vitest'
import { createWorld, newSong } from '../support/world.ts'

describe('a request with a worker', async () => {
  const world = await createWorld()
  await world.script({})
  await world.worker().decided

  test('goes through download, analysis beside processing, and delivery', async () => {
    const { request, standing } = await world.ask()
    expect(standing).toBe('new')
    expect(await world.ended(request)).toMatchObject({ state: 'ready', code: null })
    expect((await world.calls()).slice().sort()).toEqual(['analyze', 'download', 'encode', 'separate'])
    const stages = await world.rows(
      'select stage, state, attempt from stages where track_id = $1 order by stage',
      [request.trackId],
    )
    expect(stages).toEqual(
      ['analysis', 'delivery', 'download', 'processing'].map((stage) => ({
        stage,
        state: 'done',
        attempt: 1,
      })),
    )
    const events = await world.rows(
      'select kind, count(*)::int as n from job_events where track_id = $1 group by kind order by kind',
      [request.trackId],
    )
    expect(events).toEqual([
      { kind: 'start', n: 4 },
      { kind: 'stop', n: 4 },
    ])
    const history = await world.rows('select distinct state from job_history where track_id = $1', [
      request.trackId,
    ])
    expect(history).toEqual([{ state: 'completed' }])
  })

  test('asked again for another format splits nothing again', async () => {
    const song = newSong()
    const first = await world.ask(song)
    await world.ended(first.request)
    const before = (await world.calls()).length
    const second = await world.ask(song, { format: 'flac' })
    expect(await world.ended(second.request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice(before)).toEqual(['encode'])
    expect(second.request.separationId).toBe(first.request.separationId)
  })

  test('asked again by somebody else is answered without any tool', async () => {
    const song = newSong()
    await world.ended((await world.ask(song)).request)
    const before = (await world.calls()).length
    const other = await world.ask(song, { person: 'bob' })
    expect(other.standing).toBe('new')
    expect(await world.ended(other.request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).length).toBe(before)
  })

  test('asked again after its files were lost makes them anew', async () => {
    const song = newSong()
    const first = await world.ask(song)
    await world.ended(first.request)
    const before = (await world.calls()).length
    await world.services.files.remove(first.request.separationId ?? '')
    await world.services.files.remove(first.request.id)
    const again = await world.ask(song)
    expect(again.standing).toBe('new')
    expect(await world.ended(again.request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice(before)).toEqual(['separate', 'encode'])
  })

  test('for fewer stems encodes only those', async () => {
    const { request } = await world.ask(newSong(), { stems: ['vocals'] })
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const [row] = await world.rows(`select result from stages where owner = $1`, [request.id])
    expect(row?.result.stems.map((one: { stem: string }) => one.stem)).toEqual(['vocals'])
  })

  test('for a stem the model does not make fails in one sentence', async () => {
    const { request } = await world.ask(newSong(), { stems: ['piano'] })
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'unknown_stem' })
  })
})

describe('a request without a worker', async () => {
  const world = await createWorld()
  await world.script({})

  test('waits, and gets its model when a worker comes', async () => {
    const { request } = await world.ask()
    const [before] = await world.rows('select model, weights from separations where id = $1', [
      request.separationId,
    ])
    expect(before).toEqual({ model: 'auto', weights: '' })
    await world.worker().decided
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const [after] = await world.rows(
      'select s.model, s.weights from separations s join requests r on r.separation_id = s.id where r.id = $1',
      [request.id],
    )
    expect(after).toEqual({ model: 'starter', weights: 'aaaa1111' })
  })

  test('for a model that no worker turns out to have fails in one sentence', async () => {
    const other = await createWorld()
    await other.script({})
    const { request } = await other.ask(newSong(), { model: 'nope' })
    await other.worker().decided
    expect(await other.ended(request)).toMatchObject({ state: 'failed', code: 'unknown_model' })
  })
})
