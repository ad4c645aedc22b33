// What is heard as a WAV file, made piece by piece: no more than one piece is ever decoded for it.
import type { Song } from '../../web/results/wire.ts'
import type { Levels } from './mixer.ts'
import type { PieceSource } from './piece-source.ts'
import { pieceCount } from './schedule.ts'
import { wavHeader, wavSamples } from './wav.ts'

/**
 * As loud as it is heard. Only where the sum would go beyond full scale, which stems without the others can, all of it
 * is made that much softer, by a second pass.
 * @throws FetchFailure, and whatever `signal` was aborted with
 */
export async function renderMix(
  song: Song,
  source: PieceSource,
  levels: Levels,
  signal: AbortSignal,
  advance: (fraction: number) => void,
): Promise<Blob> {
  const first = await renderAt(1, song, source, levels, signal, advance)
  if (first.peak <= 1) return first.file
  return (await renderAt(1 / first.peak, song, source, levels, signal, advance)).file
}

async function renderAt(
  scale: number,
  song: Song,
  source: PieceSource,
  levels: Levels,
  signal: AbortSignal,
  advance: (fraction: number) => void,
): Promise<{ file: Blob; peak: number }> {
  const heard = song.stems.flatMap(({ stem }, index) => {
    const level = (levels.stems[index] ?? 0) * levels.master
    return level > 0 ? [{ stem, level }] : []
  })
  const stems = heard.map(({ stem }) => stem)
  const stemLevels = heard.map(({ level }) => level)
  const pieces = pieceCount(song)
  const parts: Blob[] = []
  let peak = 0
  let channels = 0
  for (let piece = 0; piece < pieces; piece++) {
    advance(piece / pieces)
    const sum = sumOf(await source.load(piece, stems, signal), stemLevels)
    channels = sum.length
    peak = Math.max(peak, ...sum.map(peakOf))
    // A Blob a part, so that the browser may keep it elsewhere than in memory.
    parts.push(new Blob([wavSamples(sum, scale)]))
  }
  const header = wavHeader(song.sampleRateHz, channels, song.samples)
  return { file: new Blob([header, ...parts], { type: 'audio/wav' }), peak }
}

function sumOf(buffers: AudioBuffer[], levels: number[]): Float32Array[] {
  const channels = Math.max(...buffers.map(({ numberOfChannels }) => numberOfChannels))
  return Array.from({ length: channels }, (_, channel) => {
    const sum = new Float32Array(buffers[0]?.length ?? 0)
    for (const [stem, buffer] of buffers.entries())
      add(sum, buffer.getChannelData(Math.min(channel, buffer.numberOfChannels - 1)), levels[stem] ?? 0)
    return sum
  })
}

function add(sum: Float32Array, samples: Float32Array, level: number): void {
  for (let frame = 0; frame < sum.length; frame++)
    sum[frame] = (sum[frame] ?? 0) + level * (samples[frame] ?? 0)
}

function peakOf(samples: Float32Array): number {
  let peak = 0
  for (let frame = 0; frame < samples.length; frame++) peak = Math.max(peak, Math.abs(samples[frame] ?? 0))
  return peak
}
