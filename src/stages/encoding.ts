// Encodes stems from the separation's masters, what was encoded before is used again; a request's in the best way that fits.
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { stemFileName } from '../domain/names.ts'
import { type Packing, packingsFor } from '../domain/packing.ts'
import { ToolError } from '../errors.ts'
import { type Encoding, findEncodings } from '../store/encodings.ts'
import type { Request } from '../store/requests.ts'
import type { Track } from '../store/tracks.ts'
import type { AnalysisResult, DownloadResult, SeparationResult } from '../tools/protocol.ts'
import type { StageDeps, StageRun } from './stage.ts'

export type Masters = { separationId: string; folder: string; result: SeparationResult }
/** Everything that is known of a request at its delivery. */
export type Finished = {
  trackId: string
  request: Request
  track: Track
  downloaded: { folder: string; result: DownloadResult }
  analysed: { folder: string; result: AnalysisResult } | undefined
  /** Undefined when only an analysis was asked for. */
  masters: Masters | undefined
}
export type Encoded = Packing & { stems: Encoding[] }

/** What is wanted of the encode tool, beside the stems. */
type Making = {
  format: string
  bitrateKbps: number
  /** What a stem's file is called. */
  nameOf: (stem: string) => string
  /** All that belongs to a stem's file, itself included: only where all of it is there, it is used again. */
  partsOf: (file: string) => string[]
  /** Beside the format, for the tool. */
  options: Record<string, unknown>
}

/** Every stem that was asked for, with no file above `maxFileBytes`; undefined when nothing fits. */
export async function encodeToFit(
  deps: StageDeps,
  finished: Finished,
  masters: Masters,
  maxFileBytes: number,
  run: StageRun,
): Promise<Encoded | undefined> {
  const { request, downloaded } = finished
  const wanted = wantedStems(request, masters)
  for (const packing of packingsFor(request.format, downloaded.result.durationSeconds, maxFileBytes)) {
    const making = await makingOf(deps, finished, masters, packing, run)
    const stems = await encodeStems(deps, masters, wanted, making, run)
    if (stems.every(({ bytes }) => bytes <= maxFileBytes)) return { ...packing, stems }
    const own = stems.filter(({ file }) => file.startsWith(run.folder.name))
    for (const { file } of own) await rm(join(run.folder.path, basename(file)))
  }
  return undefined
}

function wantedStems(request: Request, masters: Masters): string[] {
  const made = masters.result.stems.map(({ stem }) => stem)
  const unknown = request.stems.find((stem) => !made.includes(stem))
  if (unknown) {
    const sentence = `${masters.result.model} does not make ${unknown}: choose among ${made.join(', ')}.`
    throw new ToolError('unknown_stem', sentence, false)
  }
  return request.stems.length > 0 ? request.stems : made
}

async function makingOf(
  { files }: StageDeps,
  { track, downloaded, analysed }: Finished,
  masters: Masters,
  { format, bitrateKbps }: Packing,
  { folder }: StageRun,
): Promise<Making> {
  const { cover: file } = downloaded.result
  const cover = file && join(downloaded.folder, file)
  return {
    format,
    bitrateKbps,
    nameOf: (stem) => stemFileName(track, stem, format),
    partsOf: (file) => [file],
    options: {
      bitrateKbps: format === 'mp3' ? bitrateKbps : null,
      tags: tagsOf(track, analysed?.result, masters.result.model),
      cover: cover && (await files.has(cover)) ? await folder.localPath(cover) : null,
    },
  }
}

/** These stems in one format: those kept from before, the rest encoded now. */
export async function encodeStems(
  { db, tools, files }: StageDeps,
  { separationId, folder: mastersFolder, result }: Masters,
  wanted: string[],
  { format, bitrateKbps, nameOf, partsOf, options }: Making,
  { folder, signal, onProgress }: StageRun,
): Promise<Encoding[]> {
  const kept: Encoding[] = []
  for (const encoding of await findEncodings(db, separationId, format, bitrateKbps)) {
    if (!wanted.includes(encoding.stem)) continue
    const there = await Promise.all(partsOf(encoding.file).map((part) => files.has(part)))
    if (there.every(Boolean)) kept.push(encoding)
  }
  const missing = result.stems.filter(
    ({ stem }) => wanted.includes(stem) && !kept.some((one) => one.stem === stem),
  )
  if (missing.length === 0) return kept

  const stems = missing.map(async ({ stem, file }) => ({
    stem,
    path: await folder.localPath(join(mastersFolder, file)),
    name: nameOf(stem),
  }))
  const { files: encoded } = await tools.run(
    'encode',
    {
      stems: await Promise.all(stems),
      gain: result.gain,
      // The gain that keeps the loudest stem below full scale is that of all stems, also of those not asked for.
      peak: Math.max(...result.stems.map((stem) => stem.peak)),
      format,
      ...options,
      outDir: folder.path,
    },
    { signal, onProgress },
  )
  return [
    ...kept,
    ...encoded.map(({ stem, file, bytes }) => ({ stem, file: join(folder.name, file), bytes })),
  ]
}

function tagsOf(track: Track, analysed: AnalysisResult | undefined, model: string) {
  return {
    artist: track.artist,
    title: track.title,
    album: track.album,
    bpm: analysed?.bpm ?? null,
    key: analysed?.key ?? null,
    comment:
      model === 'starter'
        ? 'Separated by the small starter model; `npm run models -- fetch htdemucs` brings the real one.'
        : `Separated by ${model}.`,
  }
}
