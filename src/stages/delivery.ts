// delivery: encodes the stems a request wants from the separation's masters. Owner: the request. On the terminal the files are
// then copied by the terminal itself, which settles `delivered`; a chat platform uploads them here.
import { join } from 'node:path'
import { stemFileName } from '../domain/names.ts'
import { bitrateFor, type Delivered } from '../domain/packing.ts'
import { ToolError } from '../errors.ts'
import { type Encoding, findEncodings, saveEncodings } from '../store/encodings.ts'
import { findRequest, moveRequest, type Request } from '../store/requests.ts'
import { findSeparation } from '../store/separations.ts'
import { findResult } from '../store/stages.ts'
import { findTrack, type Track } from '../store/tracks.ts'
import type { AnalysisResult, DownloadResult, SeparationResult } from '../tools/protocol.ts'
import type { Made, Stage, StageDeps, StageRun } from './stage.ts'

type Subject = {
  trackId: string
  request: Request
  track: Track
  downloaded: { folder: string; result: DownloadResult }
  analysed: { folder: string; result: AnalysisResult } | undefined
  /** Undefined when only an analysis was asked for. */
  masters: { separationId: string; folder: string; result: SeparationResult } | undefined
}

export const delivery: Stage<Subject> = {
  async load({ db }, owner) {
    const request = await findRequest(db, owner)
    const track = request && (await findTrack(db, request.trackId))
    const downloaded = track && (await findResult(db, track.id, 'download'))
    if (request?.state !== 'working' || !track || !downloaded) return undefined
    const analysed = await findResult(db, track.id, 'analysis')
    const separation = request.separationId ? await findSeparation(db, request.separationId) : undefined
    const masters = separation && (await findResult(db, separation.id, 'processing'))
    if (separation && !masters) return undefined
    return {
      trackId: track.id,
      request,
      track,
      downloaded: downloaded as Subject['downloaded'],
      analysed: analysed as Subject['analysed'],
      masters:
        separation && masters
          ? { separationId: separation.id, ...(masters as { folder: string; result: SeparationResult }) }
          : undefined,
    }
  },

  async run(deps, subject, run) {
    const stems = subject.masters ? await encode(deps, subject, subject.masters, run) : []
    const analysis = subject.analysed ? join(subject.analysed.folder, 'analysis.json') : null
    const delivered: Delivered = { stems, analysis }
    return { result: delivered, event: { audioSeconds: subject.downloaded.result.durationSeconds } }
  },

  async save(tx, { request, masters, downloaded }, made: Made) {
    const { stems } = made.result as Delivered
    if (masters)
      await saveEncodings(
        tx,
        masters.separationId,
        request.format,
        bitrateOf(request, downloaded.result),
        stems,
      )
    await moveRequest(tx, request.id, ['working'], 'ready')
  },
}

/** Every stem that was asked for, from what is kept or newly encoded. */
async function encode(
  { db, tools, files }: StageDeps,
  subject: Subject,
  masters: NonNullable<Subject['masters']>,
  { folder, signal, onProgress }: StageRun,
): Promise<Encoding[]> {
  const { request, track, downloaded, analysed } = subject
  const wanted = request.stems.length > 0 ? request.stems : masters.result.stems.map(({ stem }) => stem)
  const unknown = wanted.find((stem) => !masters.result.stems.some((master) => master.stem === stem))
  if (unknown) {
    const made = masters.result.stems.map(({ stem }) => stem).join(', ')
    throw new ToolError(
      'unknown_stem',
      `${masters.result.model} does not make ${unknown}: choose among ${made}.`,
      false,
    )
  }
  const bitrateKbps = bitrateOf(request, downloaded.result)
  const kept: Encoding[] = []
  for (const encoding of await findEncodings(db, masters.separationId, request.format, bitrateKbps)) {
    if (wanted.includes(encoding.stem) && (await files.has(encoding.file))) kept.push(encoding)
  }
  const missing = masters.result.stems.filter(
    ({ stem }) => wanted.includes(stem) && !kept.some((one) => one.stem === stem),
  )
  if (missing.length === 0) return kept

  // The gain that keeps the loudest stem below full scale is that of all stems, also of those not asked for.
  const peak = Math.max(...masters.result.stems.map((stem) => stem.peak))
  const { files: encoded } = await tools.run(
    'encode',
    {
      stems: missing.map(({ stem, file }) => ({
        stem,
        path: files.pathOf(join(masters.folder, file)),
        name: stemFileName(track, stem, request.format),
      })),
      gain: masters.result.gain,
      peak,
      format: request.format,
      bitrateKbps: request.format === 'mp3' ? bitrateKbps : null,
      tags: tagsOf(track, analysed?.result, masters.result.model),
      cover: downloaded.result.cover ? files.pathOf(join(downloaded.folder, downloaded.result.cover)) : null,
      outDir: folder.path,
    },
    { signal, onProgress },
  )
  return [
    ...kept,
    ...encoded.map(({ stem, file, bytes }) => ({ stem, file: join(folder.name, file), bytes })),
  ]
}

function bitrateOf(request: Request, { durationSeconds }: DownloadResult): number {
  return request.format === 'mp3' ? bitrateFor(durationSeconds, Number.POSITIVE_INFINITY) : 0
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
