// The hand-off: one short transaction that writes a stage's result, completes exactly this attempt of its job, and sends what became ready.
import type { Database, Queryable } from '../store/database.ts'
import { type JobEvent, recordEvent } from '../store/events.ts'
import { findResult, findStage, type StageResult, stageIsDone } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import type { Attempt } from './attempt.ts'
import { within } from './boss.ts'
import type { LeadDeps } from './lead-on.ts'
import { stageOf } from './queues.ts'
import { settleTrack } from './settle.ts'

/** @returns false when the claim was lost: another attempt holds the job, and nothing was written */
export async function handOff(
  deps: LeadDeps & { db: Database },
  attempt: Attempt,
  made: StageResult,
  event: JobEvent,
  save: (tx: Queryable) => Promise<void>,
): Promise<boolean> {
  const stage = stageOf(attempt.queue)
  return deps.db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    // Somebody wants it done anew, by another job.
    if ((await findStage(tx, attempt.owner, stage))?.jobId !== attempt.id) return false
    const fence = { id: attempt.id, retryCount: attempt.retryCount }
    const { affected } = (await deps.boss.complete(attempt.queue, fence, made.result, within(tx))) as {
      affected?: number
    }
    // When the answer to an earlier commit was lost, the transaction is run again and finds its own result.
    if (affected !== 1) return (await findResult(tx, attempt.owner, stage))?.folder === made.folder
    await stageIsDone(tx, attempt.owner, stage, made)
    await save(tx)
    await recordEvent(tx, event)
    await settleTrack(tx, deps, attempt.trackId)
    return true
  })
}
