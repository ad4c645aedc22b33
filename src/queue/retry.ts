// A request that failed or was cancelled goes on, in the message that it has: what is done stays done, what was given up is tried
// anew with all its attempts.
import { assertOpen, type Door } from '../domain/doors.ts'
import { chooseModel, UNDECIDED } from '../domain/model.ts'
import { UserError } from '../errors.ts'
import type { Database, Queryable } from '../store/database.ts'
import { reopenMessage, wantNewMessage } from '../store/messages.ts'
import {
  countOpenRequests,
  findRequest,
  lockRequest,
  moveRequest,
  type Request,
  type RequestState,
  setSeparation,
  songsOf,
} from '../store/requests.ts'
import { claimSeparation, findSeparation } from '../store/separations.ts'
import { forgetStage, stagesOfTrack } from '../store/stages.ts'
import { listWorkers } from '../store/workers.ts'
import { within } from './boss.ts'
import { type LeadDeps, lookAnew } from './lead-on.ts'
import { traceAnew } from './request-trace.ts'
import { settleTrack } from './settle.ts'
import { startAnew } from './start-anew.ts'

type RetryDeps = LeadDeps & { db: Database; maxOpenRequests: number; doors: readonly Door[] }

/**
 * A list goes on with those of its songs that failed; a song takes its list along.
 * @returns false when nothing of it has failed or been cancelled
 * @throws UserError `too_many_requests`, `unknown_model`, or `source_closed` where songs are not taken that way any more
 */
export async function retryRequest(deps: RetryDeps, requestId: string): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const found = await findRequest(tx, requestId)
    // Lists are locked before their songs, everywhere.
    const list = found?.parentId ? await lockRequest(tx, found.parentId) : undefined
    const request = await lockRequest(tx, requestId)
    if (!request) return false
    const songs = (await songsOf(tx, requestId)).filter(({ state }) => ENDED_BADLY.includes(state))
    if (!ENDED_BADLY.includes(request.state) && songs.length === 0) return false
    if (request.named) assertOpen(request.named, deps.doors)
    if (list?.state !== 'working' && (await countOpenRequests(tx, request)) >= deps.maxOpenRequests)
      throw new UserError('too_many_requests')
    for (const song of songs.sort((a, b) => (a.trackId < b.trackId ? -1 : 1))) {
      const locked = await lockRequest(tx, song.id)
      if (locked) await goOn(tx, deps, locked)
    }
    await goOn(tx, deps, request)
    // Last, so that it finds a song under way.
    if (list && list.state !== 'working') await goOn(tx, deps, list)
    else if (list) await settleTrack(tx, deps, list.trackId)
    return true
  })
}

const ENDED_BADLY: readonly RequestState[] = ['failed', 'cancelled']

/** Call with its track locked. */
async function goOn(tx: Queryable, deps: RetryDeps, request: Request): Promise<void> {
  const separationId = await separationFor(tx, request)
  if (separationId && separationId !== request.separationId) await setSeparation(tx, request.id, separationId)
  await startAnew(tx, deps, request.trackId, [request.trackId, separationId, request.id])
  await lookAnew(tx, request.trackId)
  // A list ends once more.
  if ((await songsOf(tx, request.id)).length > 0) await forgetDelivery(tx, deps.boss, request)
  await moveRequest(tx, request.id, [request.state], 'working')
  await traceAnew(tx, request)
  await reopenMessage(tx, request.id)
  await wantNewMessage(tx, request.id)
  await settleTrack(tx, deps, request.trackId)
}

async function forgetDelivery(
  tx: Queryable,
  boss: LeadDeps['boss'],
  { id, trackId }: Request,
): Promise<void> {
  const rows = await stagesOfTrack(tx, trackId)
  const delivery = rows.find(({ owner, stage }) => owner === id && stage === 'delivery')
  if (delivery?.job === 'live') await boss.cancel(delivery.queue, delivery.jobId, within(tx))
  await forgetStage(tx, id, 'delivery')
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
