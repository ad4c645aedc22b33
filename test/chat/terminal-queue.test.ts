import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseQueueArguments, queueUsage } from '../../src/chat/terminal/queue-arguments.ts'
import { machinesLine, queueTable } from '../../src/chat/terminal/queue-table.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { lookAtQueues, type QueueStanding } from '../../src/queue/control.ts'
import { killNaming } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const CLONE = join(import.meta.dirname, '../..')
type Run = { child: ChildProcess; out: () => string; err: () => string; ended: Promise<number | null> }

/** `npm run queue`, but for the set-up. */
function queueCommand(env: Record<string, string>, args: string[]): Run {
  const child = spawn(process.execPath, [join(CLONE, 'src/main.ts'), 'queue', ...args], {
    cwd: CLONE,
    env: { ...process.env, DATABASE_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, out: () => out, err: () => err, ended }
}

describe('the arguments', () => {
  test('are those of the command, in its order', () => {
    expect(parseQueueArguments([])).toEqual({ options: { action: 'show' }, json: false, waitSeconds: 1800 })
    expect(parseQueueArguments(['scale', 'processing', '4', '--json'])).toEqual({
      options: { action: 'scale', queue: 'processing', limit: 4 },
      json: true,
      waitSeconds: 1800,
    })
    expect(parseQueueArguments(['drain', '--wait', '60'])).toMatchObject({ waitSeconds: 60 })
  })

  test.each([
    [['puase'], /^action: choose one of show, pause, resume, scale, unscale, drain\.$/],
    [['pause', 'gpu'], /^queue: choose one of /],
    [['scale', 'processing', 'many'], /^limit: give a whole number from 1 to 64\.$/],
    [['pause', 'processing', '4', '5'], /^Give no more than action, queue, limit\.$/],
    [['show', '--wait', '5'], /^wait: it goes with drain alone\.$/],
    [['drain', '--wait', 'long'], /^wait: give a number of seconds/],
    [['--verbose'], /--verbose/],
  ])('%j is wrong use, in a sentence', (argv, sentence) => {
    expect(() => parseQueueArguments(argv)).toThrow(expect.objectContaining({ code: 'bad_usage' }))
    expect(() => parseQueueArguments(argv)).toThrow(sentence)
  })

  test('are all in the help', () => {
    for (const word of ['drain', 'processing', 'limit', '--wait', '--json'])
      expect(queueUsage()).toContain(word)
  })
})

test('the table says what was said of a queue, where and when', () => {
  const now = new Date('2026-06-01T12:00:00Z')
  const open: QueueStanding = {
    queue: 'download',
    paused: false,
    draining: false,
    concurrency: null,
    changedAt: null,
    changedBy: null,
    waiting: 12,
    running: 3,
    limit: 3,
    state: 'open',
  }
  const changedAt = new Date('2026-06-01T09:58:00Z')
  const changedBy = { platform: 'discord', person: '80351110224678912' }
  const held: QueueStanding = { ...open, queue: 'processing', running: 0, paused: true, state: 'paused' }
  expect(queueTable([open, { ...held, concurrency: 4, limit: 8, changedAt, changedBy }], now)).toEqual([
    'queue       running  waiting       limit  state',
    'download          3       12           3  open',
    'processing        0       12  8 (4 each)  paused, set on Discord by 80351110224678912 2 h ago',
  ])
  expect(machinesLine([])).toBe('No machine is at work.')
})

describe('npm run queue', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '1' })
  const { db } = world.services
  const run = (...args: string[]) =>
    queueCommand({ DATABASE_URL: world.url, DATA_DIR: world.settings.DATA_DIR }, args)
  const download = async () => (await lookAtQueues(db, 'download'))[0]
  await world.script({ download: [{ do: 'stall' }] })
  await world.worker().decided

  test('shows every queue and who is at work', async () => {
    const shown = run()
    expect(await shown.ended).toBe(0)
    expect(shown.out()).toMatch(/^queue +running +waiting +limit +state\n/)
    expect(shown.out()).toMatch(/^download +0 +0 +1 {2}open$/m)
    expect(shown.out()).toMatch(/^At work: \S+ \(process \d+\)$/m)
  })

  test('pauses, scales and resumes, on all machines', async () => {
    expect(await run('pause', 'download').ended).toBe(0)
    const scaled = run('scale', 'download', '3', '--json')
    expect(await scaled.ended).toBe(0)
    const line = JSON.parse(scaled.out())
    expect(line).toMatchObject({ event: 'queues', machines: [{ queues: { download: 1 } }] })
    expect(line.queues).toMatchObject([{ queue: 'download', state: 'paused', concurrency: 3, limit: 3 }])
    expect(await run('unscale', 'download').ended).toBe(0)
    expect(await run('resume', 'download').ended).toBe(0)
    expect(await download()).toMatchObject({ state: 'open', concurrency: null, limit: 1 })
  })

  test('takes a wrong word for wrong use', async () => {
    const wrong = run('stop')
    expect(await wrong.ended).toBe(2)
    expect(wrong.err()).toMatch(/^action: choose one of .*\. \(bad_usage\)\n$/)
    expect(wrong.out()).toBe('')
  })

  test('drains: says what still runs, gives up after a while, is left by Ctrl-C, and ends when nothing runs', async () => {
    const { request } = await world.ask()
    await until(async () => (await download())?.running === 1)

    const late = run('drain', '--wait', '1')
    expect(await late.ended).toBe(1)
    expect(late.out()).toMatch(
      /^Draining: 1 still running \(download 1\)\nStill running after 1 s: download 1\. /,
    )

    const left = run('drain')
    await until(() => left.out().includes('Draining'), 30)
    left.child.kill('SIGINT')
    expect(await left.ended).toBe(130)
    expect(left.out()).toContain('The drain stays in force: 1 still running. No new job starts before')
    expect(await download()).toMatchObject({ state: 'draining' })

    const waits = run('drain', '--json')
    await until(() => waits.out().includes('draining'), 30)
    await cancelRequest(world.services, request.id)
    expect(await waits.ended).toBe(0)
    const lines = waits.out().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'draining', running: 1 },
      { event: 'drained', running: 0 },
    ])
    expect(await download()).toMatchObject({ state: 'drained' })
    expect(await run('resume').ended).toBe(0)
  })
})

describe('npm run queue without DATABASE_URL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-queue-'))
  await chmod(folder, 0o755) // as root, PostgreSQL's account has to pass
  afterAll(async () => {
    killNaming(folder)
    await rm(folder, { recursive: true, force: true })
  })
  const env = { DATA_DIR: join(folder, 'data') }

  test('starts the embedded database, and nothing runs where no worker lives', async () => {
    const drained = queueCommand(env, ['drain'])
    expect(await drained.ended).toBe(0)
    expect(drained.out()).toMatch(/^Drained: nothing runs any more\./)
    const shown = queueCommand(env, [])
    expect(await shown.ended).toBe(0)
    expect(shown.out()).toMatch(/^processing +0 +0 +0 {2}drained, set at the terminal by .* just now$/m)
    expect(shown.out()).toContain('No machine is at work.')
  })
})
