// A request that failed or was cancelled goes on, in the message that it has: what is done stays done, what was given up is tried
// anew with all its attempts.
import { chooseModel, UNDECIDED } from '../domain/model.ts'
import { UserError } from '../errors.ts'
import type { Files } from '../files/files.ts'
import type { Database, Queryable } from '../store/database.ts'
import { reopenMessage, wantNewMessage } from '../store/messages.ts'
import {
  countOpenRequests,
  findRequest,
  moveRequest,
  type Request,
  setSeparation,
} from '../store/requests.ts'
import { claimSeparation, findSeparation } from '../store/separations.ts'
import { lockTrack } from '../store/tracks.ts'
import { listWorkers } from '../store/workers.ts'
import type { Boss } from './boss.ts'
import { settleTrack } from './settle.ts'
import { startAnew } from './start-anew.ts'

/**
 * @returns false when the request has neither failed nor been cancelled
 * @throws UserError `too_many_requests` or `unknown_model`
 */
export async function retryRequest(
  deps: { db: Database; boss: Boss; files: Files; maxOpenRequests: number },
  requestId: string,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const found = await findRequest(tx, requestId)
    if (!found) return false
    await lockTrack(tx, found.trackId)
    const request = await findRequest(tx, requestId)
    if (request?.state !== 'failed' && request?.state !== 'cancelled') return false
    if ((await countOpenRequests(tx, request)) >= deps.maxOpenRequests)
      throw new UserError('too_many_requests')

    const separationId = await separationFor(tx, request)
    if (separationId && separationId !== request.separationId)
      await setSeparation(tx, requestId, separationId)
    await startAnew(tx, deps, request.trackId, [request.trackId, separationId, requestId])
    await moveRequest(tx, requestId, [request.state], 'working')
    await reopenMessage(tx, requestId)
    await wantNewMessage(tx, requestId)
    await settleTrack(tx, deps.boss, request.trackId)
    return true
  })
}

/** The one it had; where its model was still open, or it is gone, the one that a new request would get now. */
async function separationFor(tx: Queryable, request: Request): Promise<string | null> {
  if (!request.separationId) return null
  const separation = await findSeparation(tx, request.separationId)
  if (separation && separation.model !== UNDECIDED.model) return separation.id
  const loadable = (await listWorkers(tx)).flatMap((worker) => worker.models)
  const { model, weights } = chooseModel(request.model, loadable)
  return (await claimSeparation(tx, request.trackId, model, weights)).id
}
