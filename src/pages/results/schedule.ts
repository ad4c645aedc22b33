// When each piece of a song sounds, in samples of one clock: whole numbers, so that nothing is ever a sample off. Pure.

export type Cut = { samples: number; pieceSamples: number }

/** The song's sample `songFrame` sounds at the clock's sample `clockFrame`, and all that follow behind it. */
export type Anchor = { clockFrame: number; songFrame: number }

/** Pieces that are made ready beyond the one that sounds. */
export const PIECES_AHEAD = 3
/** Pieces that are kept behind the one that sounds: for a step back. */
const PIECES_BEHIND = 1

export function pieceCount({ samples, pieceSamples }: Cut): number {
  return Math.ceil(samples / pieceSamples)
}

export function pieceAt({ pieceSamples }: Cut, songFrame: number): number {
  return Math.floor(songFrame / pieceSamples)
}

/** What a sample of the song is, made a whole number within it. */
export function frameWithin({ samples }: Cut, songFrame: number): number {
  return Math.min(samples, Math.max(0, Math.round(songFrame)))
}

/** Whether a piece may be forgotten while `newest` is the last one asked for. */
export function isOutOfReach(piece: number, newest: number): boolean {
  return piece > newest || piece < newest - PIECES_AHEAD - PIECES_BEHIND
}

export function clockFrameOf({ clockFrame, songFrame }: Anchor, frame: number): number {
  return clockFrame + frame - songFrame
}

/** The anchor by which `songFrame` sounds: the one there is, or where its time has passed one that begins anew at `soonest`. */
export function anchorFor(anchor: Anchor | undefined, songFrame: number, soonest: number): Anchor {
  if (anchor && clockFrameOf(anchor, songFrame) >= soonest) return anchor
  return { clockFrame: soonest, songFrame }
}

/** Where in the song the clock stands: not before the anchor, and not beyond what is there to sound. */
export function songFrameAt({ clockFrame, songFrame }: Anchor, readyUntil: number, clock: number): number {
  return Math.min(readyUntil, Math.max(songFrame, songFrame + clock - clockFrame))
}
