// Ends a request at its person's wish, and the work that nobody else wants.
import type { Database } from '../store/database.ts'
import { findRequest, moveRequest } from '../store/requests.ts'
import { lockTrack } from '../store/tracks.ts'
import type { Boss } from './boss.ts'
import { settleTrack } from './settle.ts'

/** @returns false when the request had ended already */
export async function cancelRequest(deps: { db: Database; boss: Boss }, requestId: string): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const request = await findRequest(tx, requestId)
    if (!request) return false
    await lockTrack(tx, request.trackId)
    const error = { code: 'cancelled', message: 'Cancelled by the person who asked.' }
    const ended = await moveRequest(tx, requestId, ['working', 'ready'], 'cancelled', error)
    if (ended) await settleTrack(tx, deps.boss, request.trackId)
    return ended
  })
}
