// The command in, the stems out: the command line with the real tools, killed in the middle, twice at once, and again.
import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCommandLine, PYTHON, SONG } from './support/command-line.ts'
import { commandsWith, killNaming, killTree } from './support/processes.ts'
import { until } from './support/until.ts'

describe('npm run separate', async () => {
  const cli = await createCommandLine()
  const song = 'Sound Forge Alchemy - First Light'
  const stems = ['bass', 'drums', 'other', 'vocals'].map((stem) => `${song} (${stem}).mp3`)
  const events = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))

  test('killed with its whole tree, database included, while it separates; the same command goes on and delivers', {
    timeout: 240_000,
  }, async () => {
    const first = cli.start(['separate', '--json', SONG])
    await until(
      () =>
        /"stage":"processing","label":"Separation","state":"running","fraction":0\.[1-9]/.test(
          first.stdout(),
        ),
      120,
    )
    killTree(first.pid)
    killNaming(cli.dataDir) // the server is nobody's child
    await first.ended

    const second = cli.start(['separate', '--json', SONG])
    expect(await second.ended, second.stderr()).toBe(0)
    const seen = events(second.stdout())
    expect(seen[0]).toMatchObject({ event: 'card', number: 1, title: 'First Light' })
    expect(seen[0].lines[0]).toMatchObject({ stage: 'download', state: 'done' })
    expect(seen.at(-1)).toMatchObject({ event: 'delivered', number: 1 })
    const folder = join(cli.folder, 'stems', song)
    expect((await readdir(folder)).sort()).toEqual([...stems, 'analysis.json'].sort())

    const analysis = JSON.parse(await readFile(join(folder, 'analysis.json'), 'utf8'))
    expect(analysis).toMatchObject({ title: 'First Light', artist: 'Sound Forge Alchemy', model: 'tiny' })
    expect(analysis.bpm).toBeGreaterThan(40)
    const lengths = stems.map((stem) => decodedSamples(join(folder, stem)))
    expect(new Set(lengths)).toEqual(new Set([decodedSamples(SONG)]))
  })

  test('asked again, it answers from the kept stems, without any tool', { timeout: 60_000 }, async () => {
    const run = cli.start(['separate', '--json', SONG])
    expect(await run.ended, run.stderr()).toBe(0)
    expect(events(run.stdout()).at(-1)).toMatchObject({ event: 'delivered', number: 1 })
    expect(events(run.stdout())[0].lines.every((line: { state: string }) => line.state === 'done')).toBe(true)
  })

  test('two at once on one song do the work once', { timeout: 240_000 }, async () => {
    const both = [
      cli.start(['separate', '--json', '--format', 'wav', '--out', 'a', SONG]),
      cli.start(['separate', '--json', '--format', 'wav', '--out', 'b', SONG]),
    ]
    for (const run of both) expect(await run.ended, run.stderr()).toBe(0)
    for (const out of ['a', 'b']) expect(await readdir(join(cli.folder, out, song))).toHaveLength(5)
    const log = await readFile(join(cli.dataDir, 'separate.log'), 'utf8')
    const done = events(log).filter((line) => line.event === 'job:stop' && line.result === 'done')
    expect(done.filter((line) => line.queue === 'download')).toHaveLength(1)
    expect(done.filter((line) => line.queue === 'processing')).toHaveLength(1)
  })

  test('leaves nothing running behind', async () => {
    expect(commandsWith(cli.dataDir)).toEqual([])
  })
})

/** Length by a decoder that is not ours: libsndfile. */
function decodedSamples(file: string): number {
  const script = 'import sys, soundfile; print(soundfile.info(sys.argv[1]).frames)'
  return Number(execFileSync(PYTHON, ['-c', script, file], { encoding: 'utf8' }))
}
