// Our `separate` tool against the demucs command: the same file, model, settings, threads and output.
import { join } from 'node:path'
import { z } from 'zod'
import { readSettings } from '../src/config.ts'
import { CLONE } from './machine.ts'
import { runModule } from './python.ts'
import { OVERLAP, openSides, type Run } from './separation-sides.ts'
import { goal, printTable, ratio } from './table.ts'
import type { Workplace } from './workplace.ts'

const TOLERANCE = 1e-4

const comparison = z.object({ largestDifference: z.number(), belowDb: z.number().nullable() })

export async function benchSeparation(
  place: Workplace,
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<void> {
  // One separation at a time: both sides get every core.
  const settings = readSettings({ DATA_DIR: join(place.folder, 'data'), PROCESSING_CONCURRENCY: '1' }, CLONE)
  console.log(`Separation: ${rounds} rounds of the demucs command, ours cold, ours warm, on ${seconds} s …`)
  const { demucs, cold, warm } = await openSides(place, settings, seconds)
  const runs = { demucs: [] as Run[], cold: [] as Run[], warm: [] as Run[] }
  for (let round = 0; round < rounds; round++) {
    runs.demucs.push(await demucs.run())
    runs.cold.push(await cold.run())
    runs.warm.push(await warm.run())
  }
  const best = { demucs: fold(runs.demucs), cold: fold(runs.cold), warm: fold(runs.warm) }
  const compare = async (stems: string) =>
    comparison.parse(JSON.parse(await runModule(settings, 'bench.compare', demucs.stems, stems)))
  const agreement = [await compare(cold.stems), await compare(warm.stems)]
  const difference = Math.max(...agreement.map((each) => each.largestDifference))
  const decibels = agreement.map((each) => each.belowDb?.toFixed(0) ?? 'infinite').join(' and ')

  const row = (name: string, run: Run) => [
    name,
    run.seconds.toFixed(2),
    (run.seconds / seconds).toFixed(3),
    ratio(run.seconds, best.demucs.seconds),
    run.peakBytes ? (run.peakBytes / 2 ** 20).toFixed(0) : '-',
    run.peakBytes ? ratio(run.peakBytes, best.demucs.peakBytes) : '-',
  ]
  const share = {
    cold: best.cold.seconds / best.demucs.seconds,
    warm: best.warm.seconds / best.demucs.seconds,
  }
  printTable(
    `Separation: ${await runModule(settings, 'bench.versions')}, full-size htdemucs with random weights, ${seconds} s of song, CPU, ${settings.threadsPerTool} threads`,
    ['', 'seconds', 'per second of song', 'ours/demucs', 'peak MiB', 'ours/demucs'],
    [row('demucs command', best.demucs), row('ours, cold', best.cold), row('ours, warm', best.warm)],
    [
      `best of ${rounds}, interleaved; no shifts, overlap ${OVERLAP}, float32 stems`,
      'cold: a new process, its imports and the loading of the model; warm: a process that has done one song',
      `agreement: largest difference ${difference.toExponential(1)} (allowed ${TOLERANCE}), ${decibels} dB below the stems`,
      goal('no slower than the demucs command', share.cold <= 1 && share.warm <= 1),
      goal('cold <= 0.6 x, warm <= 0.5 x', share.cold <= 0.6 && share.warm <= 0.5),
      goal('memory <= 1.6 GB', Math.max(best.cold.peakBytes, best.warm.peakBytes) <= 1.6e9),
    ],
  )
  if (!(difference <= TOLERANCE)) {
    throw new Error(`our stems differ from the demucs command's by ${difference}`)
  }
}

/** The shortest time is the one least disturbed; the peak is the highest there was. */
function fold(runs: Run[]): Run {
  return {
    seconds: Math.min(...runs.map(({ seconds }) => seconds)),
    peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)),
  }
}
