// Brings a track's jobs and requests into line with where its stages stand: sends what became ready, ends what cannot be
// fulfilled, cancels what nobody wants, leads on what was found to stand for something else. Run after everything that changes a stage or a request, and by the sweep for what
// nothing ran after: a job that was failed, cancelled or deleted from outside. It fails every request that its work has failed;
// only cancel.ts ends one before.
import { decide } from '../domain/separation.ts'
import { needsResolving } from '../domain/source.ts'
import { ERRORS } from '../errors.ts'
import type { Queryable } from '../store/database.ts'
import { recordCancelled } from '../store/events.ts'
import { moveRequest, workingRequests } from '../store/requests.ts'
import { forgetStage, notifyCards, stageStops, stagesOfTrack, stageWaits } from '../store/stages.ts'
import { findTrack } from '../store/tracks.ts'
import { sendJob, within } from './boss.ts'
import { type LeadDeps, leadOn } from './lead-on.ts'

/** Workers abort the job whose id they hear here. */
export const CANCEL_CHANNEL = 'sound_forge_cancel'

/** After a change of the track's requests or stages. Call with the track locked. */
export async function settleTrack(tx: Queryable, deps: LeadDeps, trackId: string): Promise<void> {
  await reconcileTrack(tx, deps, trackId)
  await notifyCards(tx, trackId)
}

/** Without a change of ours. Call with the track locked. @returns whether anything had to be done */
export async function reconcileTrack(tx: Queryable, deps: LeadDeps, trackId: string): Promise<boolean> {
  const { boss } = deps
  for (let ended = false; ; ended = true) {
    const decision = await decideOn(tx, trackId)
    for (const { stage, owner } of decision.discard) {
      await stageStops(tx, owner, stage, 'discarded', { code: 'job_failed', message: ERRORS.job_failed })
    }
    for (const { requestId, code, message } of decision.fail) {
      await moveRequest(tx, requestId, ['working'], 'failed', { code, message })
    }
    for (const requestId of decision.goOn) {
      const others = await leadOn(tx, deps, requestId)
      // It must not be looked at for ever.
      if (others.length === 0)
        await moveRequest(tx, requestId, ['working'], 'failed', {
          code: 'internal',
          message: ERRORS.internal,
        })
      for (const other of others) await settleTrack(tx, deps, other)
    }
    // What was discarded, failed or led on changes what is wanted: look again before sending or cancelling.
    if (decision.discard.length + decision.fail.length + decision.goOn.length > 0) continue
    for (const { stage, owner, queue, place } of decision.send) {
      const jobId = await sendJob(tx, boss, queue, owner, place)
      await stageWaits(tx, { owner, stage, trackId, queue, jobId })
    }
    for (const { queue, jobId, priority } of decision.hasten)
      await boss.update(queue, undefined, { id: jobId, priority, ...within(tx) })
    for (const { stage, owner, queue, jobId, job } of decision.cancel) {
      if (job === 'live') await boss.cancel(queue, jobId, within(tx))
      await recordCancelled(tx, owner, stage)
      await forgetStage(tx, owner, stage)
      await tx.query('select pg_notify($1, $2)', [CANCEL_CHANNEL, jobId])
    }
    return ended || decision.send.length + decision.cancel.length > 0
  }
}

async function decideOn(tx: Queryable, trackId: string) {
  const track = await findTrack(tx, trackId)
  return decide({
    trackId,
    needsResolving: track !== undefined && needsResolving(track.source),
    requests: await workingRequests(tx, trackId),
    stages: await stagesOfTrack(tx, trackId),
  })
}
