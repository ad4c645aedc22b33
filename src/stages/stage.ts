// What all stages share: count the attempt, run the tool outside any transaction, hand the result off in one, classify the error.
// A handler is at-least-once, a result exactly-once: the attempt has a folder of its own that only the hand-off makes visible.
import { randomUUID } from 'node:crypto'
import type { JobResult, JobWithMetadata } from 'pg-boss'
import type { Settings } from '../config.ts'
import { describeError, ERRORS, ToolError } from '../errors.ts'
import type { Files } from '../files/files.ts'
import type { Log } from '../log.ts'
import { type Boss, wakeWorkers, within } from '../queue/boss.ts'
import { type Attempt, handOff } from '../queue/handoff.ts'
import { MAX_ATTEMPTS, MAX_CRASHES, type QueueName, stageOf } from '../queue/queues.ts'
import { settleTrack } from '../queue/settle.ts'
import { type Database, isPassing, type Queryable } from '../store/database.ts'
import { countFailures, type JobEvent, recordEvent } from '../store/events.ts'
import { findResult, notifyCards, stageRuns, stageStops } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import type { LoadableModel } from '../store/workers.ts'
import type { Tools } from '../tools/tools.ts'
import { reportProgress } from './progress.ts'

export type StageDeps = {
  db: Database
  boss: Boss
  files: Files
  tools: Tools
  settings: Settings
  log: Log
  workerId: string
  models: LoadableModel[]
  /** Aborted when the worker has to stop. */
  shutdown: AbortSignal
  /** Aborts of the jobs that run here, by job id. */
  running: Map<string, AbortController>
}

export type StageRun = {
  /** The attempt's folder. */
  folder: { name: string; path: string }
  signal: AbortSignal
  onProgress: (fraction: number, step: string | null) => void
}

/** What a run made; `event` is what history keeps of it. */
export type Made = {
  result: Record<string, unknown>
  event?: Pick<JobEvent, 'audioSeconds' | 'model' | 'device'>
}

export type Stage<Subject extends { trackId: string }> = {
  /** What the job is about; undefined when it is gone, as after a cancel. */
  load(deps: StageDeps, owner: string): Promise<Subject | undefined>
  run(deps: StageDeps, subject: Subject, run: StageRun): Promise<Made>
  /** Writes what the result means for other tables, inside the hand-off. */
  save?(tx: Queryable, subject: Subject, made: Made, folder: string): Promise<void>
}

type Job = JobWithMetadata<{ owner: string }>

/** The handler of a queue's jobs. */
export function stageHandler<Subject extends { trackId: string }>(
  queue: QueueName,
  stage: Stage<Subject>,
  deps: StageDeps,
) {
  return async ([job]: Job[]): Promise<JobResult[]> => {
    if (!job) return []
    const own = new AbortController()
    deps.running.set(job.id, own)
    try {
      return [{ id: job.id, status: await handle(queue, stage, deps, job, own) }]
    } finally {
      deps.running.delete(job.id)
      setImmediate(() => wakeWorkers(deps.boss))
    }
  }
}

async function handle<Subject extends { trackId: string }>(
  queue: QueueName,
  stage: Stage<Subject>,
  deps: StageDeps,
  job: Job,
  own: AbortController,
): Promise<JobResult['status']> {
  const { owner } = job.data
  const subject = await stage.load(deps, owner)
  if (!subject) return 'completed'
  const attempt: Attempt = { id: job.id, retryCount: job.retryCount, queue, owner, trackId: subject.trackId }
  const log = deps.log.child({ queue, owner, track: subject.trackId, job: job.id })
  const event = await begin(deps, attempt, job)
  if (event === 'done' || event === 'discarded') return event === 'done' ? 'completed' : 'deadletter'

  const startedMs = performance.now()
  const durationMs = () => performance.now() - startedMs
  const folder = await deps.files.createFolder(owner, stageOf(queue), randomUUID())
  const progress = reportProgress(deps, attempt)
  const signal = AbortSignal.any([job.signal, own.signal, deps.shutdown])
  try {
    const made = await stage.run(deps, subject, { folder, signal, onProgress: progress.report })
    await progress.stop()
    const result = { folder: folder.name, result: made.result }
    const stop: JobEvent = { ...event, kind: 'stop', durationMs: durationMs(), ...made.event }
    const landed = await handOff(deps, attempt, result, stop, async (tx) =>
      stage.save?.(tx, subject, made, folder.name),
    )
    if (!landed) throw new ToolError('cancelled', undefined, false)
    log.info({ attempt: event.attempt, seconds: durationMs() / 1000 }, 'stage done')
    return 'completed'
  } catch (error) {
    await progress.stop()
    // A hand-off whose answer was lost may have landed: then the folder is named, and only the sweep may judge it.
    if (!isPassing(error)) await deps.files.remove(folder.name)
    if (deps.shutdown.aborted)
      return release(deps, attempt, { ...event, kind: 'released', durationMs: durationMs() })
    if (signal.aborted || (error instanceof ToolError && error.code === 'cancelled')) {
      const kind = own.signal.aborted ? 'cancelled' : 'lost'
      await deps.db.transaction((tx) => recordEvent(tx, { ...event, kind, durationMs: durationMs() }))
      log.info({ kind }, 'stage ended without a result')
      return 'completed' // fenced: it touches nothing when the job is no longer ours
    }
    log.warn(
      {
        err: error,
        stderr: error instanceof ToolError ? error.stderrTail : undefined,
        attempt: event.attempt,
      },
      'stage failed',
    )
    return fail(deps, attempt, { ...event, kind: 'exception', durationMs: durationMs() }, error)
  }
}

/** Counts this attempt and says so; or finds that the stage is done, or has crashed once too often. */
async function begin(deps: StageDeps, attempt: Attempt, job: Job): Promise<JobEvent | 'done' | 'discarded'> {
  const stage = stageOf(attempt.queue)
  const queueMs = job.startedOn.getTime() - Math.max(job.createdOn.getTime(), job.startAfter.getTime())
  return deps.db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    const { rows } = await tx.query<{ state: string; jobId: string }>(
      'select state, job_id as "jobId" from stages where owner = $1 and stage = $2',
      [attempt.owner, stage],
    )
    const row = rows[0]
    if (!row || row.jobId !== job.id || row.state === 'done') return 'done'
    if (row.state === 'discarded') return 'discarded'
    const { failures, crashes } = await countFailures(tx, job.id)
    if (crashes >= MAX_CRASHES) {
      await discard(tx, deps, attempt, { code: 'crashed_repeatedly', message: ERRORS.crashed_repeatedly })
      return 'discarded'
    }
    const { id: jobId, ...rest } = attempt
    const event: JobEvent = {
      ...rest,
      jobId,
      kind: 'start',
      attempt: failures + 1,
      workerId: deps.workerId,
      queueMs,
    }
    await stageRuns(tx, attempt.owner, stage, event.attempt, deps.workerId)
    await recordEvent(tx, event)
    await notifyCards(tx, attempt.trackId)
    return event
  })
}

/** Gives the job back at shutdown: it costs no attempt. */
async function release(deps: StageDeps, attempt: Attempt, event: JobEvent): Promise<'failed'> {
  await deps.db.transaction(
    async (tx) => {
      await lockTrack(tx, attempt.trackId)
      if (await putBack(deps, tx, attempt, 'released'))
        await stageStops(tx, attempt.owner, stageOf(attempt.queue), 'waiting')
      await recordEvent(tx, event)
      await notifyCards(tx, attempt.trackId)
    },
    { patienceSeconds: 3 },
  )
  return 'failed'
}

/** Counts a failure: another attempt after a while, or the end of the stage. */
async function fail(
  deps: StageDeps,
  attempt: Attempt,
  event: JobEvent,
  error: unknown,
): Promise<'failed' | 'deadletter'> {
  const { code, message, retryable } = describeError(error)
  const last = !retryable || event.attempt >= MAX_ATTEMPTS
  await deps.db.transaction(async (tx) => {
    await lockTrack(tx, attempt.trackId)
    await recordEvent(tx, { ...event, error: { code, message } })
    if (last) return discard(tx, deps, attempt, { code, message })
    if (await putBack(deps, tx, attempt, code))
      await stageStops(tx, attempt.owner, stageOf(attempt.queue), 'retrying', { code, message })
    await notifyCards(tx, attempt.trackId)
  })
  return last ? 'deadletter' : 'failed'
}

/** Puts this attempt's job back into the queue for another; false when it is no longer ours. */
async function putBack(deps: StageDeps, tx: Queryable, attempt: Attempt, reason: string): Promise<boolean> {
  const fence = { id: attempt.id, retryCount: attempt.retryCount }
  const { affected } = (await deps.boss.fail(attempt.queue, fence, { reason }, within(tx))) as {
    affected?: number
  }
  return affected === 1
}

/** The job itself is dead-lettered by what the handler returns; until then it is still ours. */
async function discard(
  tx: Queryable,
  deps: StageDeps,
  attempt: Attempt,
  error: { code: string; message: string },
) {
  const stage = stageOf(attempt.queue)
  const { rows } = await tx.query<{ ours: boolean }>(
    'select job_id = $3 as ours from stages where owner = $1 and stage = $2',
    [attempt.owner, stage, attempt.id],
  )
  if (!rows[0]?.ours || (await findResult(tx, attempt.owner, stage))) return
  await stageStops(tx, attempt.owner, stage, 'discarded', error)
  await settleTrack(tx, deps.boss, attempt.trackId)
}
