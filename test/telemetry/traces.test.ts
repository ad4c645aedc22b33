// One request is one trace, whichever processes work on it; and what becomes of traces that nobody takes.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Resolved } from '../../src/domain/recording.ts'
import { createDiscordBand } from '../support/discord-band.ts'
import { freePort } from '../support/free-port.ts'
import { type ReceivedSpan, startCollector, treeOf } from '../support/otlp.ts'
import { killChild } from '../support/processes.ts'
import { until } from '../support/until.ts'
import type { Script } from '../support/world.ts'

const SONG = 'https://www.youtube.com/watch?v=dQw4w9WgXcQ'
/** Node tells the time of day in whole milliseconds, Python does not. */
const CLOCK_MS = 5

describe('the bot in one process and a worker in another', async () => {
  const collector = await startCollector()
  const band = await createDiscordBand('quick', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const { world, discord, guild } = band
  world.onClose(() => collector.close())
  await world.script({})
  const bot = await band.botProcess()
  let worker: ChildProcess

  /** The trace of a channel's requests, once it has their command, and for each an attempt at `stage` that ended so. */
  const traceWith = (channel: { id: string }, stage: string, result: string) =>
    until(async () => {
      const rows = await world.rows('select number::int, traceparent from requests where channel = $1', [
        channel.id,
      ])
      const traceId = String(rows[0]?.['traceparent']).split('-')[1] ?? ''
      const spans = collector.traces().get(traceId) ?? []
      const ended = spans
        .filter(({ name, attributes }) => name === stage && attributes['result'] === result)
        .map(({ attributes }) => attributes['request'])
      const isThere = spans.some(({ kind }) => kind === 'server')
      return isThere && rows.every(({ number }) => ended.includes(number)) && spans
    }, 60)

  /** The next calls of the tools, after those that were made. */
  const script = async (next: Script) => {
    const calls = await world.calls()
    const padded = Object.entries(next).map(([tool, actions]) => {
      const made = calls.filter((call) => call === tool).length
      return [tool, [...Array(made).fill({ do: 'succeed' }), ...actions]]
    })
    await world.script(Object.fromEntries(padded))
  }

  test('two who wait for the same separation are linked', async () => {
    const [first, second] = [guild.channel(), guild.channel()]
    const bob = discord.user({ name: 'bob' })
    await band.separate({ song: SONG }, { channel: first })
    await until(async () => (await world.rows('select 1 from requests')).length === 1)
    await band.separate({ song: SONG }, { channel: second, user: bob })
    await until(async () => (await world.rows('select 1 from requests')).length === 2)
    worker = await world.workerProcess()
    const ours = await traceWith(first, 'stage delivery', 'done')
    const theirs = await traceWith(second, 'stage delivery', 'done')

    const [ourCommand, theirCommand] = [only(ours, 'command separate'), only(theirs, 'command separate')]
    expect(linksOf(only(ours, 'stage processing'))).toEqual([idOf(theirCommand)])
    expect(only(ours, 'stage processing').parentId).toBe(ourCommand.spanId)
    expect(only(ours, 'stage processing').attributes['requests']).toEqual([1, 2])
    expect(linksOf(theirCommand)).toEqual([idOf(ourCommand)])
    // What is theirs alone is in their own trace.
    expect(theirs.map(({ name }) => name)).not.toContain('stage processing')
    expect(only(theirs, 'mention').kind).toBe('client')
  })

  test('one request is one trace, from the command to the upload', async () => {
    const channel = guild.channel()
    await script({ separate: [{ do: 'succeed', seconds: 0.5 }] })
    await band.separate({}, { channel })
    const spans = await traceWith(channel, 'stage delivery', 'done')

    const whole = pathsOf(spans)
    for (const stage of ['download', 'analysis', 'processing', 'delivery']) {
      expect(whole).toContain(`command separate > queued ${stage}`)
      expect(whole).toContain(`command separate > stage ${stage}`)
    }
    for (const [stage, tool] of [
      ['download', 'download'],
      ['analysis', 'analyze'],
      ['processing', 'separate'],
      ['delivery', 'encode'],
    ]) {
      expect(whole).toContain(`command separate > stage ${stage} > tool ${tool}`)
      expect(whole).toContain(`command separate > stage ${stage} > tool ${tool} > work`)
    }
    expect(whole).toContain('command separate > stage download > tool download > start process')
    expect(whole).toContain('command separate > stage delivery > upload > wait to edit')
    expect(whole).toContain('command separate > stage delivery > mention')

    const command = only(spans, 'command separate')
    const processing = only(spans, 'stage processing')
    expect(command.parentId).toBe('')
    expect([command.kind, processing.kind, only(spans, 'tool separate').kind]).toEqual([
      'server',
      'consumer',
      'internal',
    ])
    expect([command.resource['role'], processing.resource['role']]).toEqual(['bot', 'worker'])
    expect([command.resource['process.pid'], processing.resource['process.pid']]).toEqual([
      bot.pid,
      worker.pid,
    ])
    expect(command.resource).toMatchObject({
      'service.name': 'sound-forge-alchemy',
      'service.version': '0.1.0',
    })
    expect(command.attributes).toMatchObject({ platform: 'discord', command: 'separate' })
    expect(processing.attributes).toMatchObject({
      queue: 'processing',
      attempt: 1,
      request: command.attributes['request'],
      track: command.attributes['track'],
      result: 'done',
      audioSeconds: 30,
      model: 'starter',
      device: 'cpu',
    })
    expect(only(spans, 'upload').attributes).toEqual({ platform: 'discord', files: 5, bytes: 25 })

    expect(only(childrenOf(only(spans, 'tool separate'), spans), 'work')).toSatisfy(
      (work: ReceivedSpan) => work.endMs - work.startMs >= 500,
    )
    for (const span of spans) {
      expect(span.failed, span.name).toBeUndefined()
      expect(span.endMs, span.name).toBeGreaterThan(span.startMs)
      expect(span.startMs, span.name).toBeGreaterThanOrEqual(command.startMs - CLOCK_MS)
      const parent = spans.find(({ spanId }) => spanId === span.parentId)
      // A command is over before the jobs that it has caused.
      if (!parent || parent === command) continue
      expect(span.startMs, span.name).toBeGreaterThanOrEqual(parent.startMs - CLOCK_MS)
      expect(span.endMs, span.name).toBeLessThanOrEqual(parent.endMs + CLOCK_MS)
    }
  })

  test('no span says who asked, where, for what, or a secret', () => {
    const said = JSON.stringify(collector.spans)
    for (const word of ['song.flac', 'dQw4w9WgXcQ', 'youtube', 'Band', band.ann.id, guild.id, discord.token])
      expect(said).not.toContain(word)
  })

  test('every attempt is in the trace, and those that failed say by what', async () => {
    const channel = guild.channel()
    const fails = { do: 'error', code: 'out_of_memory', retryable: true }
    await script({ separate: [fails, fails, { do: 'succeed' }] })
    await band.separate({}, { channel })
    const spans = await traceWith(channel, 'stage delivery', 'done')
    const attempts = named(spans, 'stage processing')
    expect(attempts.map(({ attributes }) => attributes['attempt'])).toEqual([1, 2, 3])
    expect(attempts.map(({ attributes }) => attributes['result'])).toEqual(['retrying', 'retrying', 'done'])
    expect(attempts.map(({ failed }) => failed)).toEqual(['out_of_memory', 'out_of_memory', undefined])
    expect(attempts.map(({ attributes }) => attributes['errorCode'])).toEqual([
      'out_of_memory',
      'out_of_memory',
      undefined,
    ])
    for (const attempt of attempts) {
      const [tool] = childrenOf(attempt, spans)
      expect([tool?.name, tool?.failed]).toEqual(['tool separate', attempt.failed])
    }
    expect(named(spans, 'queued processing')).toHaveLength(3)
  })

  test('a tool that is killed in the middle of it ends its span', async () => {
    const channel = guild.channel()
    await script({ separate: [{ do: 'oom' }, { do: 'succeed' }] })
    await band.separate({}, { channel })
    const spans = await traceWith(channel, 'stage delivery', 'done')
    expect(named(spans, 'tool separate').map(({ failed }) => failed)).toEqual(['tool_crashed', undefined])
  })

  test('the worker that takes over goes on in the same trace', async () => {
    const channel = guild.channel()
    await script({ separate: [{ do: 'stall' }, { do: 'succeed' }] })
    await band.separate({}, { channel })
    await band.stageIsDone(channel, 'download')
    const before = await traceWith(channel, 'stage analysis', 'done')
    const first = worker.pid
    await killChild(worker)
    worker = await world.workerProcess()
    const spans = await traceWith(channel, 'stage delivery', 'done')
    expect(spans[0]?.traceId).toBe(before[0]?.traceId)
    expect(only(spans, 'stage download').resource['process.pid']).toBe(first)
    expect(only(spans, 'stage processing').resource['process.pid']).toBe(worker.pid)
    expect(only(spans, 'stage processing').parentId).toBe(only(spans, 'command separate').spanId)
  })

  test('whoever tries it again begins a trace that is linked to the one before', async () => {
    const channel = guild.channel()
    await script({ separate: [{ do: 'error', code: 'out_of_memory', retryable: false }, { do: 'succeed' }] })
    await band.separate({}, { channel })
    const before = await traceWith(channel, 'stage processing', 'discarded')
    await (await discord.command(band.ann, channel, 'retry', {})).answer
    const spans = await traceWith(channel, 'stage delivery', 'done')
    const command = only(spans, 'command retry')
    expect(linksOf(command)).toEqual([idOf(only(before, 'command separate'))])
    expect(only(spans, 'stage processing').parentId).toBe(command.spanId)
    // What was done stays done.
    expect(spans.map(({ name }) => name)).not.toContain('stage download')
  })

  test('the songs of a list are in its trace', async () => {
    const channel = guild.channel()
    const song = (title: string) => ({
      link: `https://www.youtube.com/watch?v=${title.padEnd(11, '0')}`,
      title,
      artist: 'Band',
      durationSeconds: 200,
      unavailable: null,
    })
    const found = {
      found: 'list',
      title: 'Album',
      owner: 'Band',
      total: 2,
      songs: [song('One'), song('Two')],
    }
    await script({ resolve: [{ do: 'succeed', found: found as Resolved }] })
    await band.separate({ song: 'https://www.youtube.com/playlist?list=PL0123456789' }, { channel })
    await until(
      async () => (await world.rows('select 1 from requests where channel = $1', [channel.id])).length > 2,
      30,
    )
    const spans = await traceWith(channel, 'stage delivery', 'done')
    expect(named(spans, 'stage download')).toHaveLength(2)
    expect(named(spans, 'stage resolve')).toHaveLength(1)
    const parents = spans.filter(({ kind }) => kind === 'consumer').map(({ parentId }) => parentId)
    expect(new Set(parents)).toEqual(new Set([only(spans, 'command separate').spanId]))
  })

  test('what is chosen goes on in the trace of who chose, linked to the one before', async () => {
    const channel = guild.channel()
    const choices = ['aaaaaaaaaaa', 'bbbbbbbbbbb'].map((id) => ({
      link: `https://www.youtube.com/watch?v=${id}`,
      title: 'Take',
      channel: 'Band',
      durationSeconds: 200,
      confidence: 0.5,
      reason: null,
    }))
    await script({ resolve: [{ do: 'succeed', found: { found: 'choices', song: null, choices } }] })
    const message = await band.shown(await band.separate({ song: 'Band Take' }, { channel }))
    await band.says(message, /Which one is it\?/)
    const before = await traceWith(channel, 'stage resolve', 'done')
    const [row] = await world.rows('select id from requests where channel = $1', [channel.id])
    await (
      await discord.press(band.ann, message, `choose:${row?.['id']}`, { values: ['youtube:bbbbbbbbbbb'] })
    ).answer
    const spans = await traceWith(channel, 'stage delivery', 'done')
    const command = only(spans, 'command choose')
    expect(command.attributes['request']).toBe(only(before, 'command separate').attributes['request'])
    expect(linksOf(command)).toEqual([idOf(only(before, 'command separate'))])
    expect(only(spans, 'stage download').parentId).toBe(command.spanId)
    expect(spans.map(({ name }) => name)).not.toContain('stage resolve')
  })

  test('the command that asks for the right song is linked to the wrong one', async () => {
    const channel = guild.channel()
    await band.separate({ song: 'https://youtu.be/wrongwrong1' }, { channel })
    const before = await traceWith(channel, 'stage delivery', 'done')
    const number = only(before, 'command separate').attributes['request']
    const right = { number, song: 'https://youtu.be/rightright1' }
    await (await discord.command(band.ann, channel, 'wrong', right)).answer
    const command = await until(() => collector.spans.find(({ name }) => name === 'command wrong'))
    expect(linksOf(command)).toEqual([idOf(only(before, 'command separate'))])
  })

  test('a command that is refused says by what, and has not failed', async () => {
    const channel = guild.channel()
    await (await discord.command(band.ann, channel, 'retry', {})).answer
    const refused = await until(() =>
      collector.spans.find(({ attributes }) => attributes['errorCode'] === 'nothing_to_retry'),
    )
    expect([refused.name, refused.failed]).toEqual(['command retry', undefined])
  })
})

describe.each([
  ['is away', async () => ({ url: `http://127.0.0.1:${await freePort()}`, close: async () => {} })],
  ['never answers', () => startCollector({ answer: 'silent' })],
])('a collector that %s', async (_name, start) => {
  const collector = await start()
  const band = await createDiscordBand('quick', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  band.world.onClose(() => collector.close())

  test('holds up neither the work nor the end', async () => {
    await band.world.script({})
    const bot = await band.botProcess()
    const worker = await band.world.workerProcess()
    await band.shown(await band.separate())
    await until(
      async () => (await band.world.rows(`select 1 from requests where state = 'delivered'`)).length > 0,
      60,
    )
    for (const process of [worker, bot]) {
      const askedAt = performance.now()
      process.kill('SIGTERM')
      expect(await once(process, 'exit')).toEqual([0, null])
      // The exporter alone would go on for ten seconds.
      expect(performance.now() - askedAt).toBeLessThan(10_000)
    }
  })
})

describe('with no address to send traces to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-modules-'))
  const list = join(folder, 'loaded')
  const noting = pathToFileURL(join(import.meta.dirname, '../support/note-modules.ts')).href
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: '', LOADED_MODULES: list, NODE_OPTIONS: `--import=${noting}` }
  const band = await createDiscordBand('quick', env)
  band.world.onClose(() => rm(folder, { recursive: true }))

  test('nothing that sends them is loaded, and no request has one', async () => {
    const bot = await band.botProcess()
    await band.shown(await band.separate())
    expect(await band.world.rows('select traceparent from requests')).toEqual([{ traceparent: null }])
    await killChild(bot)
    const loaded = await readFile(list, 'utf8')
    expect(loaded).toContain('/src/telemetry/spans.ts')
    expect(loaded).not.toMatch(/telemetry\/traces|sdk-trace|exporter-trace|context-async-hooks/)
  })
})

function named(spans: ReceivedSpan[], name: string): ReceivedSpan[] {
  return spans.filter((span) => span.name === name).sort((a, b) => a.startMs - b.startMs)
}

function only(spans: ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...more] = named(spans, name)
  if (!span || more.length > 0)
    throw new Error(`${more.length + (span ? 1 : 0)} spans ${name}:\n${treeOf(spans)}`)
  return span
}

function childrenOf({ spanId }: ReceivedSpan, spans: ReceivedSpan[]): ReceivedSpan[] {
  return spans.filter(({ parentId }) => parentId === spanId)
}

/** Each span with those that it hangs on. */
function pathsOf(spans: ReceivedSpan[]): string[] {
  const path = ({ name, parentId }: ReceivedSpan): string => {
    const parent = spans.find(({ spanId }) => spanId === parentId)
    return parent ? `${path(parent)} > ${name}` : name
  }
  return spans.map(path)
}

function idOf({ traceId, spanId }: ReceivedSpan): string {
  return `${traceId} ${spanId}`
}

function linksOf({ links }: ReceivedSpan): string[] {
  return links.map(({ traceId, spanId }) => `${traceId} ${spanId}`)
}
