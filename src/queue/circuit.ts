// A service that has asked to be left alone is not asked before that is over: whoever wants something of it is told at once.
import { serviceOf } from '../domain/source.ts'
import { UserError } from '../errors.ts'
import { circuitOpenUntil } from '../store/circuits.ts'
import type { Queryable } from '../store/database.ts'
import { findStage } from '../store/stages.ts'
import type { Track } from '../store/tracks.ts'

/** @throws UserError `spotify_rate_limited` where the track's service would have to be asked, and may not */
export async function assertMayAsk(tx: Queryable, track: Track): Promise<void> {
  const service = serviceOf(track.source)
  if (service !== 'spotify') return
  const until = await circuitOpenUntil(tx, service)
  if (!until) return
  for (const stage of ['resolve', 'download'] as const)
    if ((await findStage(tx, track.id, stage))?.state === 'done') return
  throw rateLimited(until)
}

/** Says when it is over. */
export function rateLimited(until: Date): UserError {
  return new UserError(
    'spotify_rate_limited',
    `Spotify allows no more questions until ${whenOf(until)}: send a YouTube link or the file itself, or ask again then.`,
  )
}

/** `25 Nov, 14:05 UTC` */
function whenOf(date: Date): string {
  const [, day = '', month = ''] = date.toUTCString().split(' ')
  return `${Number(day)} ${month}, ${date.toISOString().slice(11, 16)} UTC`
}
