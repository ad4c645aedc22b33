// How often the `analyze` tool is right, on synthesised songs whose tempo and key are known.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readSettings } from '../src/config.ts'
import type { AnalysisResult } from '../src/tools/protocol.ts'
import { createTools } from '../src/tools/tools.ts'
import { CLONE } from './machine.ts'
import { runModule } from './python.ts'
import { printTable } from './table.ts'
import type { Workplace } from './workplace.ts'

const TEMPO_TOLERANCE = 0.005

const truth = z.object({ file: z.string(), bpm: z.number(), key: z.string() })
type Truth = z.infer<typeof truth>

export async function benchAnalysis({ folder, cleanup }: Workplace): Promise<void> {
  const settings = readSettings({ DATA_DIR: join(folder, 'data') }, CLONE)
  console.log('Analysis: rendering songs …')
  const printed = await runModule(settings, 'bench.render_songs', folder)
  const songs = printed.split('\n').map((line) => truth.parse(JSON.parse(line)))
  const tools = createTools(settings)
  cleanup.defer(() => tools.close())
  const outDir = join(folder, 'out')
  await mkdir(outDir)
  const rows: string[][] = []
  const score = { tempo: 0, tempoModuloOctave: 0, key: 0, keyOrRunnerUp: 0 }
  for (const song of songs) {
    const found = await tools.run(
      'analyze',
      { input: song.file, outDir },
      { signal: new AbortController().signal, onProgress: () => {} },
    )
    const right = judge(song, found)
    for (const [name, is] of Object.entries(right)) score[name as keyof typeof score] += is ? 1 : 0
    const bpm = (value: number | null) => value?.toFixed(2) ?? '-'
    const tempo = right.tempo ? 'exact' : right.tempoModuloOctave ? 'octave' : 'wrong'
    const key = right.key ? 'exact' : right.keyOrRunnerUp ? 'runner-up' : 'wrong'
    rows.push([
      bpm(song.bpm),
      `${bpm(found.bpm)} or ${bpm(found.bpmAlternative)}`,
      tempo,
      song.key,
      `${found.key} or ${found.keyAlternative}`,
      key,
    ])
  }
  printTable(
    `Analysis: ${songs.length} synthesised songs of known tempo and key`,
    ['BPM', 'found', '', 'key', 'found', ''],
    rows,
    [
      `tempo within 0.5 %: ${score.tempo} of ${songs.length}; up to an octave: ${score.tempoModuloOctave} of ${songs.length}`,
      `key: ${score.key} of ${songs.length}; key or runner-up: ${score.keyOrRunnerUp} of ${songs.length}`,
    ],
  )
}

function judge(song: Truth, found: AnalysisResult) {
  const isTempo = (bpm: number) => found.bpm !== null && Math.abs(found.bpm / bpm - 1) <= TEMPO_TOLERANCE
  return {
    tempo: isTempo(song.bpm),
    tempoModuloOctave: [0.5, 1, 2].some((factor) => isTempo(song.bpm * factor)),
    key: found.key === song.key,
    keyOrRunnerUp: found.key === song.key || found.keyAlternative === song.key,
  }
}
