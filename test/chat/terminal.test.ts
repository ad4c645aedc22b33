import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseSeparateArguments } from '../../src/chat/terminal/arguments.ts'
import { plainLines, renderCard } from '../../src/chat/terminal/render.ts'
import { linesOf } from '../../src/chat/terminal/tell.ts'
import { type CardFacts, cardOf } from '../../src/domain/card.ts'
import type { CardStage } from '../../src/domain/progress.ts'
import { createCommandLine, SONG } from '../support/command-line.ts'
import { commandsWith } from '../support/processes.ts'
import { until } from '../support/until.ts'

const ahead: Omit<CardStage, 'stage'> = {
  state: 'ahead',
  fraction: 0,
  step: null,
  attempt: 1,
  startedAt: null,
  error: null,
  place: 0,
  isWorked: true,
  isHeld: false,
  rate: undefined,
}
const facts: CardFacts = {
  id: '5f0a57a2-d681-4059-8000-000000000012',
  person: 'ann',
  coverUrl: null,
  deliveryNotes: [],
  link: null,
  number: 12,
  state: 'working',
  title: 'First Light',
  artist: 'Sound Forge',
  durationSeconds: 213,
  model: 'starter',
  format: 'mp3',
  bpm: 104.02,
  key: 'A minor',
  truncated: false,
  match: null,
  choices: [],
  songs: null,
  songsLeftOut: 0,
  errorCode: null,
  errorMessage: null,
  stages: [
    { ...ahead, stage: 'download', state: 'done', fraction: 1 },
    { ...ahead, stage: 'analysis', state: 'retrying', attempt: 1 },
    { ...ahead, stage: 'processing', state: 'running', fraction: 0.5, startedAt: new Date(0) },
    { ...ahead, stage: 'delivery' },
  ],
}

describe('a card in the terminal', () => {
  const card = cardOf(facts, new Date(60_000))

  test('shows the song, a bar a stage, the retry to come and the time left', () => {
    const lines = renderCard(card, 100).map(stripVTControlCharacters)
    expect(lines).toEqual([
      'Sound Forge - First Light',
      '3:33 · 104 BPM · A minor · starter',
      '',
      '✓ Download   ████████████████████████      ',
      '↻ Analysis   ░░░░░░░░░░░░░░░░░░░░░░░░      trying again (2 of 3)',
      '▸ Separation ████████████░░░░░░░░░░░░  50% ',
      '· Delivery   ░░░░░░░░░░░░░░░░░░░░░░░░      ',
      '',
      'about 1:11 left',
    ])
  })

  test('fits a narrow terminal, and nothing in a title moves the cursor', () => {
    const evil = cardOf({ ...facts, title: '\u001b[2J\u001b]0;gone\u0007\nrm -rf' }, new Date(60_000))
    for (const line of renderCard(evil, 40)) {
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(40)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(stripVTControlCharacters(line)).not.toMatch(/[\u0000-\u001f]/)
    }
    expect(renderCard(evil, 80)[0]).not.toContain('\u001b[2J')
  })

  test('as plain lines says only what changed', () => {
    const later = cardOf(
      {
        ...facts,
        stages: facts.stages.map((stage) =>
          stage.stage === 'processing' ? { ...stage, fraction: 0.62 } : stage,
        ),
      },
      new Date(70_000),
    )
    expect(plainLines(card, undefined)).toContain('#12 Sound Forge - First Light')
    expect(plainLines(later, card)).toEqual(['Separation: 60%'])
    expect(plainLines(later, later)).toEqual([])
  })

  test('says when the file broke off', () => {
    expect(cardOf({ ...facts, truncated: true }, new Date()).notes.join()).toMatch(/breaks off/)
  })

  test('of a list has a line a song, with what became of it', () => {
    const song = { number: 13, artist: 'Band', fraction: 1, error: null }
    const list = cardOf(
      {
        ...facts,
        title: 'The List',
        songs: [
          { ...song, title: 'One', state: 'working', fraction: 0.42 },
          { ...song, number: 14, title: 'Two\u001b[2J', state: 'delivered' },
          { ...song, number: null, title: 'Three', state: 'failed', error: 'It is a local file.' },
        ],
      },
      new Date(60_000),
    )
    expect(renderCard(list, 60).map(stripVTControlCharacters).slice(3)).toEqual([
      '▸ #13 Band - One: 42%',
      '✓ #14 Band - Two [2J: delivered',
      '✗ Band - Three: It is a local file.',
    ])
    expect(list.notes.at(-1)).toBe('1 of 3 delivered, 1 failed')
    expect(plainLines(list, list)).toEqual([])
  })

  test('says whose sound it is, and how to name another', () => {
    const match = { title: 'First Light (Official)', channel: 'Sound Forge', link: 'https://a.example/x' }
    const matched = cardOf({ ...facts, match: { ...match, confidence: 0.934 } }, new Date(60_000))
    expect(matched.actions).toContain('wrong')
    const event = { ...matched, folder: '/stems', files: ['a.mp3'] }
    expect(linesOf('delivered', event)).toContain(
      'The sound is from Sound Forge - First Light (Official) · 93 % sure',
    )
  })

  test('names what starter made', () => {
    expect(card.notes.join()).toMatch(/starter.*far below htdemucs/)
  })
})

describe('arguments', () => {
  test.each([
    [[], /a file, a link/],
    [['a', 'b'], /one song/],
    [['--pick', '0', 'x'], /--pick 1/],
    [['--nonsense', 'x'], /nonsense/],
    [['--format', 'ogg', 'x'], /format/],
    [['--stems', 'kazoo', 'x'], /stems/],
    [['--model', '../x', 'y'], /model/],
  ])('%j is wrong use', (argv, words) => {
    expect(() => parseSeparateArguments(argv)).toThrow(
      expect.objectContaining({ code: 'bad_usage', message: expect.stringMatching(words) }),
    )
  })

  test('after -- anything is a name', () => {
    expect(parseSeparateArguments(['--json', '--', '--out']).song).toBe('--out')
  })
})

describe('the command line', async () => {
  const cli = await createCommandLine()
  const tty = async (steps: [string, string][], args: string[]) => {
    const main = join(import.meta.dirname, '../../src/main.ts')
    const script = join(import.meta.dirname, '../support/at_terminal.py')
    const run = promisify(execFile)(
      'python3',
      [script, JSON.stringify(steps), process.execPath, main, ...args],
      { env: cli.env, cwd: cli.folder },
    )
    return run.then(
      ({ stdout }) => ({ code: 0, shown: stripVTControlCharacters(stdout) }),
      (error: { code: number; stdout: string }) => ({
        code: error.code,
        shown: stripVTControlCharacters(error.stdout),
      }),
    )
  }

  test('Ctrl-C asks; the second leaves the job to be resumed', { timeout: 130_000 }, async () => {
    const { code, shown } = await tty(
      [
        ['Separation', '\u0003'],
        ['Stop?', '\u0003'],
      ],
      ['separate', SONG],
    )
    expect(shown).toMatch(/the same command goes on with it/)
    expect(code).toBe(130)
    expect(commandsWith(cli.dataDir)).toEqual([])
  })

  test('Ctrl-C, then c, cancels the job', { timeout: 130_000 }, async () => {
    const { code, shown } = await tty(
      [
        ['Separation', '\u0003'],
        ['Stop?', 'c\r'],
      ],
      ['separate', '--format', 'wav', SONG],
    )
    expect(shown).toMatch(/Cancelled #2/)
    expect(code).toBe(130)
  })

  test.each([
    [['separate'], 2, /bad_usage/],
    [['separate', '--format', 'ogg', 'x'], 2, /bad_usage/],
    [['nonsense'], 2, /bad_usage/],
    [['separate', 'missing.flac'], 1, /file_not_found/],
    [['separate', '--out', '/dev/null/stems', SONG], 1, /output_unwritable/],
    [['separate', 'file:///etc/passwd'], 1, /not_a_song/],
    [['separate', `https://open.spotify.com/artist/${'a'.repeat(22)}`], 1, /unsupported_link/],
    [['separate', '--model', 'nope', SONG], 1, /unknown_model/],
  ])('%j ends with %d and a sentence', { timeout: 60_000 }, async (args, code, words) => {
    const run = cli.start(args)
    expect(await run.ended).toBe(code)
    expect(run.stderr()).toMatch(words)
    expect(run.stderr()).not.toMatch(/\n\s+at /)
  })

  test('a wrong setting ends with 2', async () => {
    const run = cli.start(['separate', SONG], { DEVICE: 'tpu' })
    expect(await run.ended).toBe(2)
    expect(run.stderr()).toMatch(/DEVICE.*\(bad_settings\)/)
    const nowhere = cli.start(['separate', SONG], { DATA_DIR: '/dev/null/data' })
    expect(await nowhere.ended).toBe(2)
    expect(nowhere.stderr()).toMatch(/DATA_DIR.*\(bad_settings\)/)
  })
})

describe('npm start', async () => {
  const cli = await createCommandLine()

  test('stays up, does the work of a separate, and stops on SIGTERM with nothing left', {
    timeout: 240_000,
  }, async () => {
    const server = cli.start(['start'])
    await cli.saw(server, /the worker is up/)
    const run = cli.start(['separate', SONG])
    expect(await run.ended, run.stderr()).toBe(0)
    expect(server.stderr()).toMatch(/"event":"job:stop","queue":"processing".*"result":"done"/)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(commandsWith(cli.dataDir)).toEqual([])
  })

  test('a second signal stops it at once, and the separate that waited takes over', {
    timeout: 240_000,
  }, async () => {
    const server = cli.start(['start'])
    await cli.saw(server, /the worker is up/)
    const run = cli.start(['separate', '--json', '--format', 'flac', '--model', 'pair', SONG])
    await until(() => /"stage":"processing"[^}]*"state":"running"/.test(run.stdout()), 120)
    server.child.kill('SIGTERM')
    await cli.saw(server, /stopping/)
    const again = setInterval(() => server.child.kill('SIGTERM'), 100) // echoes of the first are not the second
    expect(await server.ended).toBe(130)
    clearInterval(again)
    expect(await run.ended, run.stderr()).toBe(0)
  })
})
