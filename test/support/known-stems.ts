// Stems of known_stems.py as a results page plays them, made by the real encode tool.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PYTHON } from './command-line.ts'
import type { PlayedStem } from './delivered.ts'

const PYTHON_FOLDER = join(import.meta.dirname, '../../python')

export async function knownStems(
  seconds: number,
  stems: string[],
): Promise<{ samples: number; player: Record<string, PlayedStem> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-stems-'))
  const python = (...args: string[]) =>
    promisify(execFile)(PYTHON, args, { env: { ...process.env, PYTHONPATH: PYTHON_FOLDER } })
  try {
    await python(join(import.meta.dirname, 'known_stems.py'), folder, String(seconds), ...stems)
    const masters = stems.map((stem) => join(folder, `${stem}.flac`))
    await python('-m', 'stemtools.encode', '--format', 'player', '--out', folder, ...masters)
    let samples = 0
    const player: Record<string, PlayedStem> = {}
    for (const stem of stems) {
      const index = JSON.parse(await readFile(join(folder, `${stem}.pieces.json`), 'utf8'))
      const bytes = await readFile(join(folder, `${stem}.pieces`))
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 0)
        pieces.push(bytes.subarray(at, at + index.pieceBytes[pieces.length]))
      player[stem] = { pieces, peaks: index.peaks }
      samples = index.samples
    }
    return { samples, player }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Left and right in turns, in 16-bit steps. @param number of the stem, from 1 on */
export function knownSamples(samples: number, number: number): Int16Array {
  const known = new Int16Array(samples * 2)
  for (let n = 0; n < samples; n++) {
    known[2 * n] = (n % 2 ** 14) - 2 ** 14
    known[2 * n + 1] = -(Math.floor(n / 2 ** 14) * 8 + number)
  }
  return known
}
