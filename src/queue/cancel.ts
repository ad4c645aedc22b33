// Ends a request before its time, and the work that nobody else wants. A list ends with all its songs.
import type { Database, Queryable } from '../store/database.ts'
import { lockRequest, moveRequest, songsOf } from '../store/requests.ts'
import { linkTo } from '../telemetry/spans.ts'
import type { LeadDeps } from './lead-on.ts'
import { settleTrack } from './settle.ts'

type Deps = LeadDeps & { db: Database }
type End = { state: 'cancelled' | 'failed'; error: { code: string; message: string } }

const BY = { asker: 'Cancelled by the person who asked.', manager: 'Cancelled by a moderator.' } as const

/** At a person's wish. @returns false when the request had ended already */
export async function cancelRequest(
  deps: Deps,
  requestId: string,
  by: keyof typeof BY = 'asker',
): Promise<boolean> {
  const end: End = { state: 'cancelled', error: { code: 'cancelled', message: BY[by] } }
  return deps.db.transaction((tx) => endRequest(tx, deps, requestId, end))
}

/** For a platform that has nowhere to show it. @returns false when the request had ended already */
export async function failRequest(
  deps: Deps,
  requestId: string,
  error: { code: string; message: string },
): Promise<boolean> {
  return deps.db.transaction((tx) => endRequest(tx, deps, requestId, { state: 'failed', error }))
}

async function endRequest(tx: Queryable, deps: Deps, requestId: string, end: End): Promise<boolean> {
  const request = await lockRequest(tx, requestId)
  linkTo(request?.traceparent ?? null)
  if (!request || !(await moveRequest(tx, requestId, ['working', 'ready'], end.state, end.error)))
    return false
  // In the order of their tracks, so that two lists at once do not lock each other out.
  const songs = (await songsOf(tx, requestId)).sort((a, b) => (a.trackId < b.trackId ? -1 : 1))
  for (const song of songs) await endRequest(tx, deps, song.id, end)
  await settleTrack(tx, deps, request.trackId)
  return true
}
