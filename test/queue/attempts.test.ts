import { describe, expect, test } from 'vitest'
import { openDoor } from '../support/outage.ts'
import { until } from '../support/until.ts'
import { createDatabase, createWorld, newSong } from '../support/world.ts'

const failure = { do: 'error', code: 'internal', retryable: true, message: 'The splitter slipped.' }

describe('attempts', async () => {
  const world = await createWorld({ STALL_SECONDS: '2' })
  await world.worker().decided

  test('a stage is tried three times, then discarded with every error kept', async () => {
    await world.script({ separate: [failure] })
    const { request } = await world.ask()
    await until(
      async () =>
        (
          await world.rows(`select 1 from stages where owner = $1 and state = 'retrying'`, [
            request.separationId,
          ])
        ).length > 0,
    )
    expect(await world.ended(request)).toEqual({
      state: 'failed',
      code: 'internal',
      message: 'The splitter slipped.',
    })
    const errors = await world.rows(
      `select attempt, error_code from job_events where owner = $1 and kind = 'exception' order by id`,
      [request.separationId],
    )
    expect(errors).toEqual([1, 2, 3].map((attempt) => ({ attempt, error_code: 'internal' })))
    const [history] = await world.rows(
      `select state, jsonb_array_length(errors) as errors from job_history where owner = $1`,
      [request.separationId],
    )
    expect(history).toEqual({ state: 'discarded', errors: 3 })
    await until(async () => {
      const [job] = await world.rows(
        `select state from pgboss.job where name = 'processing' and singleton_key = $1`,
        [request.separationId],
      )
      return job?.state === 'failed'
    })
  })

  test('an error that no retry mends ends the request at once', async () => {
    await world.script({
      download: [{ do: 'error', code: 'not_audio', retryable: false, message: 'That is not audio.' }],
    })
    const { request } = await world.ask()
    expect(await world.ended(request)).toEqual({
      state: 'failed',
      code: 'not_audio',
      message: 'That is not audio.',
    })
    expect(
      await world.rows('select kind from job_events where track_id = $1 order by id', [request.trackId]),
    ).toEqual([{ kind: 'start' }, { kind: 'exception' }])
  })

  test('asked for again after it was discarded, the stage is tried anew', async () => {
    const song = newSong()
    await world.script({ download: [{ do: 'error', code: 'not_audio', retryable: false }] })
    const first = await world.ask(song)
    expect(await world.ended(first.request)).toMatchObject({ state: 'failed' })
    await world.script({})
    const second = await world.ask(song)
    expect(second.standing).toBe('new')
    expect(await world.ended(second.request)).toMatchObject({ state: 'ready' })
  })

  test('a discarded analysis does not hold back the stems', async () => {
    await world.script({
      analyze: [{ do: 'error', code: 'internal', retryable: false, message: 'No beat.' }],
    })
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const [row] = await world.rows(`select result from stages where owner = $1`, [request.id])
    expect(row?.result).toMatchObject({ analysis: null })
    expect(row?.result.stems).toHaveLength(4)
  })

  test.each([
    ['crash', 'tool_crashed'],
    ['oom', 'tool_crashed'],
    ['exit0', 'tool_crashed'],
    ['bad_json', 'bad_answer'],
    ['stall', 'tool_stalled'],
  ])('a tool that ends in %s costs an attempt and the next one succeeds', async (what, code) => {
    // Calls are counted over the whole world, so the failing one is given by a script of its own.
    await world.script({
      download: [
        ...Array(await countOf('download')).fill({ do: 'succeed' }),
        { do: what },
        { do: 'succeed' },
      ],
    })
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const errors = await world.rows(
      `select error_code from job_events where track_id = $1 and kind = 'exception'`,
      [request.trackId],
    )
    expect(errors).toEqual([{ error_code: code }])
  })

  test('noise on stdout harms nothing', async () => {
    await world.script({ download: [{ do: 'noise' }] })
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(
      await world.rows(`select 1 from job_events where track_id = $1 and kind = 'exception'`, [
        request.trackId,
      ]),
    ).toEqual([])
  })

  async function countOf(tool: string) {
    return (await world.calls()).filter((call) => call === tool).length
  }
})

describe('a database that is away for a moment', async () => {
  const url = new URL(await createDatabase())
  const door = await openDoor({ host: url.hostname, port: Number(url.port) })
  url.port = String(door.port)
  const world = await createWorld({ DATABASE_URL: url.href })
  world.onClose(() => door.open().catch(() => {}))
  await world.worker().decided

  test('costs no attempt, however often', { timeout: 120_000 }, async () => {
    await world.script({ encode: [{ do: 'succeed', seconds: 1 }] })
    const { request } = await world.ask(newSong(), { platform: 'room' })
    for (let times = 1; times <= 3; times++) {
      await until(
        async () =>
          (
            await world.rows(
              `select 1 from job_events where owner = $1 and kind = 'start' having count(*) >= $2`,
              [request.id, times],
            )
          ).length > 0,
        30,
      )
      // While the stems are encoded: what is asked next, nobody answers.
      await door.shut()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await door.open()
    }
    expect(await world.ended(request, 60)).toMatchObject({ state: 'delivered' })
    const kinds = await world.rows(`select kind, attempt from job_events where owner = $1`, [request.id])
    expect(kinds).not.toContainEqual(expect.objectContaining({ kind: 'exception' }))
    expect(new Set(kinds.map(({ attempt }) => attempt))).toEqual(new Set([1]))
  })
})
