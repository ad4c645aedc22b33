// One attempt at a job: how it is counted, and the ways it ends without a result. (With one, it is handed off.)
import { type ChatError, describeError, ERRORS, PauseError } from '../errors.ts'
import type { Database, Queryable } from '../store/database.ts'
import { countFailures, countPostponed, type JobEvent, recordEvent } from '../store/events.ts'
import { findStage, notifyCards, stageRuns, stageStops } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import { type Boss, within } from './boss.ts'
import type { LeadDeps } from './lead-on.ts'
import {
  MAX_ATTEMPTS,
  MAX_CRASHES,
  POSTPONE_HOURS,
  POSTPONE_MAX_SECONDS,
  type QueueName,
  stageOf,
} from './queues.ts'
import { settleTrack } from './settle.ts'

/** A job as it was fetched; `id` and `retryCount` are the fence of everything that settles it. */
export type Attempt = { id: string; retryCount: number; queue: QueueName; owner: string; trackId: string }
type Deps = LeadDeps & { db: Database }

/** Shutting down leaves a few seconds; after them the sweep of another worker finds the job. */
const RELEASE_SECONDS = 3
/** What waits for somebody of our own is looked at more often: the courier makes a message within seconds, and a worker that has the model
 * may be free at any time. */
const OWN_MAX_SECONDS: Record<string, number> = {
  chat_waiting: 5,
  database_unavailable: 10,
  model_elsewhere: 30,
}
const POSTPONED = 'the platform does not take it just now; trying again'

/** Counts this attempt and says so; or finds that the stage has ended already, or is to end as it has crashed once too often. */
export async function beginAttempt(
  deps: Deps,
  attempt: Attempt,
  workerId: string,
  queueMs: number,
): Promise<JobEvent | 'done' | 'discarded' | 'crashed'> {
  const stage = stageOf(attempt.queue)
  return deps.db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    const row = await findStage(tx, attempt.owner, stage)
    if (row?.jobId !== attempt.id || row.state === 'done') return 'done'
    if (row.state === 'discarded') return 'discarded'
    const { failures, crashes } = await countFailures(tx, attempt.id)
    if (crashes >= MAX_CRASHES) {
      const error = { code: 'crashed_repeatedly', message: ERRORS.crashed_repeatedly }
      await discard(tx, deps, attempt, error)
      return 'crashed'
    }
    const { id: jobId, queue, owner, trackId } = attempt
    const number = failures + 1
    const event: JobEvent = {
      kind: 'start',
      jobId,
      queue,
      owner,
      trackId,
      attempt: number,
      workerId,
      queueMs,
    }
    await stageRuns(tx, owner, stage, number, workerId)
    await recordEvent(tx, event)
    await notifyCards(tx, trackId)
    return event
  })
}

/** Counts a failure: another attempt after a while, or the end of the stage. @returns what pg-boss is to make of the job */
export async function failAttempt(
  deps: Deps,
  attempt: Attempt,
  event: JobEvent,
  error: unknown,
): Promise<'failed' | 'deadletter'> {
  const { code, message, retryable } = describeError(error)
  const last = !retryable || event.attempt >= MAX_ATTEMPTS
  await deps.db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    await recordEvent(tx, { ...event, error: { code, message } })
    // The job itself is dead-lettered by what the handler returns; until then it is still ours.
    if (last) return discard(tx, deps, attempt, { code, message })
    const ours = await putBack(tx, deps.boss, attempt, code)
    if (ours) await stageStops(tx, attempt.owner, stageOf(attempt.queue), 'retrying', { code, message })
    await notifyCards(tx, attempt.trackId)
  })
  return last ? 'deadletter' : 'failed'
}

/**
 * Puts work off that its platform, or whoever has to be asked, does not take just now: it costs no attempt, and ends after hours.
 * @returns what pg-boss is to make of the job
 */
export async function postponeAttempt(
  deps: Deps,
  attempt: Attempt,
  event: JobEvent,
  error: ChatError | PauseError,
): Promise<'failed' | 'deadletter'> {
  const { db, boss } = deps
  const { code, message } = describeError(error)
  return db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    const { times, seconds } = await countPostponed(tx, attempt.id)
    await recordEvent(tx, { ...event, kind: 'postponed', error: { code, message } })
    if (code !== 'model_elsewhere' && seconds > POSTPONE_HOURS * 3600) {
      await discard(tx, deps, attempt, { code, message })
      return 'deadletter'
    }
    if (!(await putBack(tx, boss, attempt, code))) return 'failed'
    const longest = OWN_MAX_SECONDS[code] ?? POSTPONE_MAX_SECONDS
    // As seconds, which count by the database's clock.
    const startAfter = Math.ceil(Math.max(error.retryAfterSeconds, Math.min(2 ** times, longest)))
    await boss.update(attempt.queue, undefined, { id: attempt.id, startAfter, ...within(tx) })
    const said = error instanceof PauseError ? message : POSTPONED
    const note = code === 'chat_waiting' ? undefined : { code, message: said }
    await stageStops(tx, attempt.owner, stageOf(attempt.queue), 'waiting', note)
    await notifyCards(tx, attempt.trackId)
    return 'failed' // fenced: it touches nothing, as the job is put back already
  })
}

/** Gives the job back at shutdown, to be taken up at once: it costs no attempt. */
export async function releaseAttempt({ db, boss }: Deps, attempt: Attempt, event: JobEvent): Promise<void> {
  const release = async (tx: Queryable) => {
    await lockTrack(tx, attempt.trackId)
    await recordEvent(tx, event)
    await resend(tx, boss, attempt, 'its worker stopped')
  }
  await db.transaction(release, { patienceSeconds: RELEASE_SECONDS })
}

/** Puts a job back whose worker stopped or died, without the pause that follows a failure. Call with the track locked. */
export async function resend(tx: Queryable, boss: Boss, attempt: Attempt, reason: string): Promise<void> {
  if (!(await putBack(tx, boss, attempt, reason))) return
  // pg-boss wakes workers only for what was due before the transaction began, by the server's clock.
  const { rows } = await tx.query<{ due: Date }>(`select now() - interval '0.1 seconds' as due`)
  const startAfter = rows[0]?.due ?? new Date()
  await boss.update(attempt.queue, undefined, { id: attempt.id, startAfter, ...within(tx) })
  await stageStops(tx, attempt.owner, stageOf(attempt.queue), 'waiting')
  await notifyCards(tx, attempt.trackId)
}

/** Puts this attempt's job back into the queue for another; false when it is no longer ours. */
async function putBack(tx: Queryable, boss: Boss, attempt: Attempt, reason: string): Promise<boolean> {
  const fence = { id: attempt.id, retryCount: attempt.retryCount }
  const settled = (await boss.fail(attempt.queue, fence, { reason }, within(tx))) as { affected?: number }
  return settled.affected === 1
}

async function discard(
  tx: Queryable,
  deps: LeadDeps,
  attempt: Attempt,
  error: { code: string; message: string },
) {
  const stage = stageOf(attempt.queue)
  const row = await findStage(tx, attempt.owner, stage)
  if (row?.jobId !== attempt.id || row.state === 'done') return
  await stageStops(tx, attempt.owner, stage, 'discarded', error)
  await settleTrack(tx, deps, attempt.trackId)
}
