// What the page is told of a song.
import { stemNotes } from '../../domain/card.ts'
import type { Files } from '../../files/files.ts'
import type { Queryable } from '../../store/database.ts'
import type { AnalysisResult, DownloadResult } from '../../tools/protocol.ts'
import { coverOf } from './cover.ts'
import { downloadsOf, inOrder, stemDownload, zipDownload } from './downloads.ts'
import type { Opened } from './opened.ts'
import { playerEncodings, playerFile } from './player-files.ts'
import type { Song } from './wire.ts'

/** @returns undefined where a file is no longer there */
export async function songOf(
  { db, files }: { db: Queryable; files: Files },
  { results, delivered, expires }: Opened,
): Promise<Song | undefined> {
  const encodings = await playerEncodings(db, results)
  const [downloads, cover, ...played] = await Promise.all([
    downloadsOf(files, results, delivered),
    coverOf(files, results),
    ...inOrder(encodings).map((encoding) => playerFile(files, encoding)),
  ])
  const players = played.filter((player) => player !== undefined)
  if (!downloads || players.length < played.length) return undefined
  if (players.length === 0 && results.separationId !== null) return undefined
  const analysis = results.analysed?.result as AnalysisResult | undefined
  const { truncated } = (results.downloaded?.result ?? {}) as Partial<DownloadResult>
  const { sampleRateHz = 0, samples = 0, pieceSamples = 0 } = players[0]?.index ?? {}
  return {
    number: results.number,
    title: results.title,
    artist: results.artist,
    album: results.album,
    model: results.model ?? '',
    durationSeconds: results.durationSeconds ?? 0,
    bpm: analysis?.bpm ?? null,
    bpmAlternative: analysis?.bpmAlternative ?? null,
    key: analysis?.key ?? null,
    keyAlternative: analysis?.keyAlternative ?? null,
    loudnessLufs: analysis?.loudnessLufs ?? null,
    cover: cover ? 'cover' : null,
    expires: expires.toISOString(),
    notes: [...stemNotes({ truncated: truncated === true, model: results.model }), ...delivered.notes],
    sampleRateHz,
    samples,
    pieceSamples,
    stems: players.map(({ stem, index }) => {
      const download = downloads.stems.find((one) => one.stem === stem)
      return {
        stem,
        pieces: index.pieceBytes.length,
        peaks: index.peaks,
        download: download ? stemDownload(download) : null,
      }
    }),
    zip: downloads.zip && zipDownload(downloads.zip),
  }
}
