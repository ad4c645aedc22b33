// Ends a request before its time, and the work that nobody else wants.
import type { Database } from '../store/database.ts'
import { findRequest, moveRequest } from '../store/requests.ts'
import { lockTrack } from '../store/tracks.ts'
import type { Boss } from './boss.ts'
import { settleTrack } from './settle.ts'

type Deps = { db: Database; boss: Boss }

const BY = { asker: 'Cancelled by the person who asked.', manager: 'Cancelled by a moderator.' } as const

/** At a person's wish. @returns false when the request had ended already */
export async function cancelRequest(
  deps: Deps,
  requestId: string,
  by: keyof typeof BY = 'asker',
): Promise<boolean> {
  return endRequest(deps, requestId, 'cancelled', { code: 'cancelled', message: BY[by] })
}

/** For a platform that has nowhere to show it. @returns false when the request had ended already */
export async function failRequest(
  deps: Deps,
  requestId: string,
  error: { code: string; message: string },
): Promise<boolean> {
  return endRequest(deps, requestId, 'failed', error)
}

async function endRequest(
  { db, boss }: Deps,
  requestId: string,
  end: 'cancelled' | 'failed',
  error: { code: string; message: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const request = await findRequest(tx, requestId)
    if (!request) return false
    await lockTrack(tx, request.trackId)
    const ended = await moveRequest(tx, requestId, ['working', 'ready'], end, error)
    if (ended) await settleTrack(tx, boss, request.trackId)
    return ended
  })
}
