// What all stages share: count the attempt, run the tool outside any transaction, hand the result off in one, classify the error.
// A handler is at-least-once, a result exactly-once: the attempt has a folder of its own that only the hand-off makes visible.
import { randomUUID } from 'node:crypto'
import type { JobResult, JobWithMetadata } from 'pg-boss'
import type { Settings } from '../config.ts'
import type { Loadable } from '../domain/model.ts'
import { ChatError, describeError, PauseError, ToolError } from '../errors.ts'
import type { Files } from '../files/files.ts'
import type { Log } from '../log.ts'
import { type Attempt, beginAttempt, failAttempt, postponeAttempt, releaseAttempt } from '../queue/attempt.ts'
import { type Boss, wakeWorkers } from '../queue/boss.ts'
import { handOff } from '../queue/handoff.ts'
import { type QueueName, stageOf } from '../queue/queues.ts'
import { type Database, isPassing, type Queryable } from '../store/database.ts'
import { type JobEvent, recordEvent } from '../store/events.ts'
import { requestsWaitingFor } from '../store/requests.ts'
import { emit, type JobAttempt, type TelemetryEvents } from '../telemetry/events.ts'
import { jobInLog } from '../telemetry/job-log.ts'
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
  models: Loadable[]
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
  const queueMs = job.startedOn.getTime() - Math.max(job.createdOn.getTime(), job.startAfter.getTime())
  const waiting = await requestsWaitingFor(deps.db, attempt)
  const event = await beginAttempt(deps, attempt, deps.workerId, queueMs)
  if (event === 'done' || event === 'discarded') return event === 'done' ? 'completed' : 'deadletter'

  const begun: JobAttempt = {
    queue,
    stage: stageOf(queue),
    jobId: job.id,
    owner,
    trackId: subject.trackId,
    requests: waiting.map(({ id, number }) => ({ id, number })),
    attempt: event.attempt,
    workerId: deps.workerId,
    queueMs,
    startedAt: new Date(),
  }
  const log = deps.log.child(jobInLog(begun))
  emit('job:start', begun)
  const startedMs = performance.now()
  const durationMs = () => performance.now() - startedMs
  let folder: StageRun['folder'] | undefined
  const progress = reportProgress(deps, attempt)
  const signal = AbortSignal.any([job.signal, own.signal, deps.shutdown])
  try {
    const { name, path } = await deps.files.createFolder(owner, stageOf(queue), randomUUID())
    folder = { name, path }
    const made = await stage.run(deps, subject, { folder, signal, onProgress: progress.report })
    await progress.stop()
    const stop: JobEvent = { ...event, kind: 'stop', durationMs: durationMs(), ...made.event }
    const save = async (tx: Queryable) => stage.save?.(tx, deps, subject, made)
    const landed = await handOff(deps, attempt, { folder: name, result: made.result }, stop, save)
    if (!landed) throw new ToolError('cancelled', undefined, false)
    emit('job:stop', { ...begun, ...made.event, durationMs: durationMs(), result: 'done', errorCode: null })
    return 'completed'
  } catch (error) {
    await progress.stop()
    // A hand-off whose answer was lost may have landed: then the folder is named, and only the sweep may judge it.
    if (folder && !isPassing(error)) await deps.files.remove(folder.name)
    const ended = { ...event, durationMs: durationMs() }
    const stopped = (result: TelemetryEvents['job:stop']['result'], errorCode: string | null = null) =>
      emit('job:stop', { ...begun, durationMs: ended.durationMs, result, errorCode })
    if (deps.shutdown.aborted) {
      await releaseAttempt(deps, attempt, { ...ended, kind: 'released' })
      stopped('released')
      return 'failed' // fenced: it touches nothing, as the job is given back already
    }
    if (signal.aborted || (error instanceof ToolError && error.code === 'cancelled')) {
      const kind = own.signal.aborted ? 'cancelled' : 'lost'
      await deps.db.transaction((tx) => recordEvent(tx, { ...ended, kind }))
      stopped(kind)
      return 'completed' // fenced: it touches nothing when the job is no longer ours
    }
    const { code: errorCode, message: errorMessage } = describeError(error)
    const failed = (result: 'retrying' | 'discarded') =>
      emit('job:exception', { ...begun, durationMs: ended.durationMs, result, errorCode, errorMessage })
    if (error instanceof PauseError || (error instanceof ChatError && error.passing)) {
      log.info({ code: error.code, err: error.cause }, 'it is not taken just now')
      const status = await postponeAttempt(deps, attempt, { ...ended, kind: 'postponed' }, error)
      if (status === 'deadletter') failed('discarded')
      else stopped('postponed', errorCode)
      return status
    }
    const stderr = error instanceof ToolError ? error.stderrTail : undefined
    log.warn({ err: error, stderr }, 'stage failed')
    const status = await failAttempt(deps, attempt, { ...ended, kind: 'exception' }, error)
    failed(status === 'deadletter' ? 'discarded' : 'retrying')
    return status
  }
}
