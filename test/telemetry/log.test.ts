// What a worker logs of its jobs, as whoever collects its lines gets them: JSON on stderr of a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { parseLink } from '../../src/domain/link.ts'
import { createDiscordBand } from '../support/discord-band.ts'
import { killChild } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createWorld, type World } from '../support/world.ts'

type Line = Record<string, unknown>

const SCRIPT = join(import.meta.dirname, '../support/worker-process.ts')

/** A worker whose lines are read. */
function startWorker(world: World, env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [SCRIPT, world.scriptDir], {
    env: {
      ...process.env,
      ...env,
      DATABASE_URL: world.url,
      DATA_DIR: world.settings.DATA_DIR,
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  world.onClose(() => killChild(child))
  const lines: Line[] = []
  if (!child.stderr) throw new Error('it has no stderr')
  createInterface({ input: child.stderr }).on('line', (text) => lines.push(JSON.parse(text)))
  return {
    lines,
    /** Waits for a line. */
    line: (is: (line: Line) => boolean) => until(() => lines.find(is), 40),
  }
}

describe('the lines of a worker', async () => {
  const world = await createWorld()
  await world.script({
    download: [{ do: 'crash' }, { do: 'succeed' }],
    resolve: [{ do: 'error', code: 'spotify_rate_limited', retryable: false, retryAfterSeconds: 600 }],
  })
  const { lines, line } = startWorker(world)

  test('name the event, the request, the track and the attempt at every start and end of a job', async () => {
    const { request } = await world.ask()
    await world.ended(request)
    await line(({ event, stage }) => event === 'job:stop' && stage === 'delivery')
    const about = lines.filter(({ stage, event }) => stage === 'download' && event)
    const job = {
      pid: expect.any(Number),
      time: expect.any(Number),
      queue: 'download',
      stage: 'download',
      job: expect.any(String),
      owner: request.trackId,
      track: request.trackId,
      request: request.number,
      worker: expect.any(String),
      queueMs: expect.any(Number),
    }
    const crash = 'The tool stopped with exit code 3 and no answer: the log has its last words.'
    const ended = { durationMs: expect.any(Number) }
    expect(about).toEqual([
      { ...job, level: 30, event: 'job:start', attempt: 1, msg: 'a job starts' },
      {
        ...job,
        ...ended,
        level: 40,
        event: 'job:exception',
        attempt: 1,
        result: 'retrying',
        errorCode: 'tool_crashed',
        error: crash,
        msg: 'a job failed',
      },
      { ...job, level: 30, event: 'job:start', attempt: 2, msg: 'a job starts' },
      {
        ...job,
        ...ended,
        level: 30,
        event: 'job:stop',
        attempt: 2,
        result: 'done',
        errorCode: null,
        msg: 'a job ended',
      },
    ])
    for (const { track, request: number, attempt } of lines.filter(({ event }) => event))
      expect([track, number, attempt]).toEqual([request.trackId, request.number, expect.any(Number)])
  })

  test('name them also beside the last words of a tool', async () => {
    expect(await line(({ msg }) => msg === 'stage failed')).toMatchObject({
      stderr: expect.stringContaining('Traceback: a crash'),
      stage: 'download',
      request: 1,
      track: expect.any(String),
      attempt: 1,
    })
  })

  test('and where a service asks for a pause', async () => {
    const { request } = await world.ask(parseLink(`spotify:track:${'0'.repeat(22)}`))
    expect(await line(({ msg }) => msg === 'it is not taken just now')).toMatchObject({
      code: 'spotify_rate_limited',
      request: request.number,
      track: request.trackId,
      attempt: 1,
    })
    expect(await line(({ result }) => result === 'postponed')).toMatchObject({
      event: 'job:stop',
      errorCode: 'spotify_rate_limited',
      request: request.number,
    })
  })
})

describe('the lines of a delivery', async () => {
  const band = await createDiscordBand()
  const { discord, world } = band
  await world.script({})
  await band.bot()
  const { DISCORD_API_URL, DISCORD_TOKEN = '', DISCORD_APPLICATION_ID = '' } = world.settings
  const { line } = startWorker(world, { DISCORD_API_URL, DISCORD_TOKEN, DISCORD_APPLICATION_ID })

  test('name the request, the track and the attempt beside what the platform refuses', async () => {
    discord.fail({
      method: 'POST',
      route: /messages/,
      times: 1,
      when: ({ body }) => JSON.stringify(body ?? '').includes('message_reference'),
      how: { kind: 'refuse', status: 400, code: 200000, message: 'Message was blocked by AutoMod' },
    })
    await band.delivered(await band.shown(await band.separate()))
    const [request] = await world.rows('select number::int, track_id from requests')
    expect(await line(({ msg }) => msg === 'the mention was refused')).toMatchObject({
      code: 'chat_text_refused',
      stage: 'delivery',
      request: request?.number,
      track: request?.track_id,
      attempt: 1,
    })
  })
})
