// The stems as the results page plays them: all that the separation made, encoded once, whoever asked for which.
import type { Encoding } from '../store/encodings.ts'
import { encodeStems, type Masters } from './encoding.ts'
import type { StageDeps, StageRun } from './stage.ts'

/** Its format and bitrate in the table of encodings. */
export const PLAYER = { format: 'player', bitrateKbps: 0 } as const

/** Each `file` holds the pieces, and beside it lies `<file>.json`, their index. */
export function encodeForPlayer(deps: StageDeps, masters: Masters, run: StageRun): Promise<Encoding[]> {
  const stems = masters.result.stems.map(({ stem }) => stem)
  const making = {
    ...PLAYER,
    nameOf: (stem: string) => `${stem}.pieces`,
    partsOf: (pieces: string) => [pieces, `${pieces}.json`],
    options: {},
  }
  return encodeStems(deps, masters, stems, making, run)
}
