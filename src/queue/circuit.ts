// A service that has asked to be left alone is not asked before that is over: what waits goes on then by itself, and where that is long,
// whoever wants something of it is told at once.
import { serviceOf } from '../domain/source.ts'
import { PauseError, UserError } from '../errors.ts'
import { circuitOpenUntil } from '../store/circuits.ts'
import type { Queryable } from '../store/database.ts'
import { findStage } from '../store/stages.ts'
import type { Track } from '../store/tracks.ts'

/** A pause of this length people wait for. */
const SHORT_SECONDS = 600

/** @throws UserError `spotify_rate_limited` where the track's service would have to be asked, and may not for long */
export async function assertMayAsk(tx: Queryable, track: Track): Promise<void> {
  const service = serviceOf(track.source)
  const until = service && (await circuitOpenUntil(tx, service))
  if (!until || secondsUntil(until) <= SHORT_SECONDS) return
  for (const stage of ['resolve', 'download'] as const)
    if ((await findStage(tx, track.id, stage))?.state === 'done') return
  throw pauseOf(until)
}

/** What becomes of work that a pause keeps from going on. */
export function pauseOf(until: Date): UserError | PauseError {
  const seconds = secondsUntil(until)
  if (seconds <= SHORT_SECONDS)
    return new PauseError('spotify_rate_limited', 'Spotify asks for a pause; it goes on then', seconds)
  return new UserError(
    'spotify_rate_limited',
    `Spotify allows no more questions until ${whenOf(until)}: send a YouTube link or the file itself, or ask again then.`,
  )
}

function secondsUntil(date: Date): number {
  return Math.max(1, (date.getTime() - Date.now()) / 1000)
}

/** `25 Nov, 14:05 UTC` */
function whenOf(date: Date): string {
  const [, day = '', month = ''] = date.toUTCString().split(' ')
  return `${Number(day)} ${month}, ${date.toISOString().slice(11, 16)} UTC`
}
