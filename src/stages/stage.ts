// What all stages share: count the attempt, run the tool outside any transaction, hand the result off in one, classify the error.
// A handler is at-least-once, a result exactly-once: the attempt has a folder of its own that only the hand-off makes visible.
import { randomUUID } from 'node:crypto'
import type { JobResult, JobWithMetadata } from 'pg-boss'
import type { Settings } from '../config.ts'
import type { Loadable } from '../domain/model.ts'
import { ChatError, describeError, ERRORS, PauseError, ToolError } from '../errors.ts'
import type { Files, Folder } from '../files/files.ts'
import type { Log } from '../log.ts'
import { type Attempt, beginAttempt, failAttempt, postponeAttempt, releaseAttempt } from '../queue/attempt.ts'
import { type Boss, wakeWorkers } from '../queue/boss.ts'
import { handOff } from '../queue/handoff.ts'
import { MAX_CRASHES, type QueueName, stageOf } from '../queue/queues.ts'
import { type Database, isPassing, type Queryable } from '../store/database.ts'
import { type JobEvent, recordEvent } from '../store/events.ts'
import { requestsWaitingFor } from '../store/requests.ts'
import { emit, type JobAttempt, type TelemetryEvents } from '../telemetry/events.ts'
import { jobInLog } from '../telemetry/job-log.ts'
import { inJobSpan } from '../telemetry/job-span.ts'
import type { Tools } from '../tools/tools.ts'
import { reportProgress } from './progress.ts'

/** A database that was away, and let us write that down, may be asked again so soon. */
const DATABASE_SECONDS = 1

export type StageDeps = {
  db: Database
  boss: Boss
  files: Files
  tools: Tools
  settings: Settings
  log: Log
  workerId: string
  models: Loadable[]
  /** Aborted when the worker has to stop. */
  shutdown: AbortSignal
  /** Aborts of the jobs that run here, by job id. */
  running: Map<string, AbortController>
}

export type StageRun = {
  folder: Pick<Folder, 'name' | 'path' | 'localPath'>
  signal: AbortSignal
  onProgress: (fraction: number, step: string | null) => void
}

/** A run for a part of the work, whose progress goes `from` there `to` there. */
export function partOf(run: StageRun, from: number, to: number): StageRun {
  return { ...run, onProgress: (fraction, step) => run.onProgress(from + (to - from) * fraction, step) }
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
  save?(tx: Queryable, deps: StageDeps, subject: Subject, made: Made): Promise<void>
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
      setImmediate(() => wakeWorkers(deps.boss, queue))
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
  const startedAt = new Date()
  const { owner } = job.data
  const subject = await stage.load(deps, owner)
  if (!subject) return 'completed'
  const attempt: Attempt = { id: job.id, retryCount: job.retryCount, queue, owner, trackId: subject.trackId }
  const queueMs = job.startedOn.getTime() - Math.max(job.createdOn.getTime(), job.startAfter.getTime())
  const waiting = await requestsWaitingFor(deps.db, attempt)
  const event = await beginAttempt(deps, attempt, deps.workerId, queueMs)
  if (event === 'done') return 'completed'
  if (event === 'discarded') return 'deadletter'

  const about = {
    queue,
    stage: stageOf(queue),
    jobId: job.id,
    owner,
    trackId: subject.trackId,
    requests: waiting.map(({ id, number }) => ({ id, number })),
    workerId: deps.workerId,
    queueMs,
    startedAt,
  }
  if (event === 'crashed') {
    const [errorCode, errorMessage] = ['crashed_repeatedly', ERRORS.crashed_repeatedly]
    emit('job:exception', {
      ...about,
      attempt: MAX_CRASHES,
      durationMs: 0,
      result: 'discarded',
      errorCode,
      errorMessage,
    })
    return 'deadletter'
  }
  const begun: JobAttempt = { ...about, attempt: event.attempt }
  const traceparents = waiting.map(({ traceparent }) => traceparent)
  return inJobSpan(begun, traceparents, () =>
    runAttempt(stage, deps, subject, { job, own, attempt, event, begun }),
  )
}

/** An attempt that has begun. */
type Begun = { job: Job; own: AbortController; attempt: Attempt; event: JobEvent; begun: JobAttempt }

async function runAttempt<Subject extends { trackId: string }>(
  stage: Stage<Subject>,
  shared: StageDeps,
  subject: Subject,
  { job, own, attempt, event, begun }: Begun,
): Promise<JobResult['status']> {
  const { owner, stage: stageName } = begun
  // Every line that is written from here on names the attempt.
  const log = shared.log.child(jobInLog(begun))
  const deps = { ...shared, log }
  emit('job:start', begun)
  const startedMs = performance.now()
  const durationMs = () => performance.now() - startedMs
  let folder: Folder | undefined
  const progress = reportProgress(deps, attempt)
  const signal = AbortSignal.any([job.signal, own.signal, deps.shutdown])
  try {
    folder = await deps.files.createFolder(owner, stageName, randomUUID(), signal)
    const made = await stage.run(deps, subject, { folder, signal, onProgress: progress.report })
    await folder.publish()
    await progress.stop()
    const stop = { ...event, kind: 'stop', durationMs: durationMs(), ...made.event } as const
    const save = async (tx: Queryable) => stage.save?.(tx, deps, subject, made)
    const landed = await handOff(deps, attempt, { folder: folder.name, result: made.result }, stop, save)
    if (!landed) throw new ToolError('cancelled', undefined, false)
    const { durationMs: workMs } = stop
    emit('job:stop', { ...begun, ...made.event, durationMs: workMs, result: 'done', errorCode: null })
    return 'completed'
  } catch (error) {
    const ended = { ...event, durationMs: durationMs() }
    const told = { ...begun, durationMs: ended.durationMs }
    const end = (ends: End) =>
      'errorMessage' in ends
        ? emit('job:exception', { ...told, ...ends })
        : emit('job:stop', { ...told, ...ends })
    const wasStopped = signal.aborted && (own.signal.aborted ? 'cancelled' : 'lost')
    await progress.stop()
    const { status, end: how } = await endWithout(deps, attempt, ended, pausing(error), wasStopped).catch(
      (unwritten: unknown) => {
        end({ result: 'lost', errorCode: null })
        throw unwritten
      },
    )
    end(how)
    // Last, as a store may take its time. A hand-off whose answer was lost may have landed: then the folder is named, and only the sweep
    // may judge it.
    if (folder && !isPassing(error))
      await folder
        .discard()
        .catch((left: unknown) => log.warn({ err: left }, "an attempt's files are left to the sweep"))
    return status
  } finally {
    folder?.close()
  }
}

/** A database that went away is waited for: it is no fault of the work's. */
function pausing(error: unknown): unknown {
  if (!isPassing(error)) return error
  return new PauseError('database_unavailable', 'the database was away; it goes on', DATABASE_SECONDS, {
    cause: error,
  })
}

type End =
  | Pick<TelemetryEvents['job:stop'], 'result' | 'errorCode'>
  | Pick<TelemetryEvents['job:exception'], 'result' | 'errorCode' | 'errorMessage'>

/** Writes down the end of an attempt that made nothing. @returns also what pg-boss is to make of the job */
async function endWithout(
  deps: StageDeps,
  attempt: Attempt,
  ended: JobEvent,
  error: unknown,
  wasStopped: 'cancelled' | 'lost' | false,
): Promise<{ status: JobResult['status']; end: End }> {
  if (deps.shutdown.aborted) {
    await releaseAttempt(deps, attempt, { ...ended, kind: 'released' })
    // Fenced: it touches nothing, as the job is given back already.
    return { status: 'failed', end: { result: 'released', errorCode: null } }
  }
  if (wasStopped || (error instanceof ToolError && error.code === 'cancelled')) {
    const kind = wasStopped || 'lost'
    await deps.db.transaction((tx) => recordEvent(tx, { ...ended, kind }))
    // Fenced: it touches nothing when the job is no longer ours.
    return { status: 'completed', end: { result: kind, errorCode: null } }
  }
  const { code: errorCode, message: errorMessage } = describeError(error)
  const discarded = { result: 'discarded', errorCode, errorMessage } as const
  if (error instanceof PauseError || (error instanceof ChatError && error.passing)) {
    deps.log.info({ code: error.code, err: error.cause }, 'it is not taken just now')
    const status = await postponeAttempt(deps, attempt, { ...ended, kind: 'postponed' }, error)
    return { status, end: status === 'deadletter' ? discarded : { result: 'postponed', errorCode } }
  }
  const stderr = error instanceof ToolError ? error.stderrTail : undefined
  deps.log.warn({ err: error, stderr }, 'stage failed')
  const status = await failAttempt(deps, attempt, { ...ended, kind: 'exception' }, error)
  return { status, end: status === 'deadletter' ? discarded : { ...discarded, result: 'retrying' } }
}
