// The stems of a separation as the page plays them: pieces one after the other in a file, and beside it what they are.
import { text } from 'node:stream/consumers'
import type { Files, StoredFile, Stretch } from '../../files/files.ts'
import type { Queryable } from '../../store/database.ts'
import { type Encoding, findEncodings } from '../../store/encodings.ts'
import type { Results } from '../../store/results.ts'

/** As the encode tool writes it. */
export type PieceIndex = {
  sampleRateHz: number
  samples: number
  pieceSamples: number
  pieceBytes: number[]
  peaks: { min: number[]; max: number[] }
}
export type PlayerFile = { stem: string; file: StoredFile; index: PieceIndex }

export async function playerEncodings(db: Queryable, { separationId }: Results): Promise<Encoding[]> {
  return separationId === null ? [] : findEncodings(db, separationId, 'player', 0)
}

/** @returns undefined where it is no longer there */
export async function playerFile(
  files: Files,
  { stem, file }: Pick<Encoding, 'stem' | 'file'>,
): Promise<PlayerFile | undefined> {
  const [pieces, index] = await Promise.all([files.find(file), files.find(`${file}.json`)])
  return pieces && index && { stem, file: pieces, index: JSON.parse(await text(index.read())) as PieceIndex }
}

/** Where in the file a piece is; undefined where there is no such piece. */
export function pieceAt({ pieceBytes }: PieceIndex, piece: number): Stretch | undefined {
  const bytes = pieceBytes[piece]
  if (bytes === undefined) return undefined
  return { from: pieceBytes.slice(0, piece).reduce((sum, one) => sum + one, 0), bytes }
}
