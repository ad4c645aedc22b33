// Jobs in the log: one line for each start and end of an attempt. https://getpino.io
import type { Log } from '../log.ts'
import { type JobAttempt, subscribe } from './events.ts'

/** What every line about an attempt carries: `request` is the oldest of `requests`, as people know it by its number. */
export function jobInLog({ queue, stage, jobId, owner, trackId, requests, attempt, workerId }: JobAttempt) {
  const numbers = requests.map(({ number }) => number)
  return {
    queue,
    stage,
    job: jobId,
    owner,
    track: trackId,
    request: numbers[0] ?? null,
    ...(numbers.length > 1 ? { requests: numbers } : {}),
    attempt,
    worker: workerId,
  }
}

/** @returns ends it */
export function logJobs(log: Log): () => void {
  const ends = [
    subscribe('job:start', (job) =>
      log.info({ event: 'job:start', ...jobInLog(job), queueMs: Math.round(job.queueMs) }, 'a job starts'),
    ),
    subscribe('job:stop', (job) =>
      log.info(
        { event: 'job:stop', ...jobInLog(job), ...endInLog(job), errorCode: job.errorCode },
        'a job ended',
      ),
    ),
    subscribe('job:exception', (job) =>
      log.warn(
        {
          event: 'job:exception',
          ...jobInLog(job),
          ...endInLog(job),
          errorCode: job.errorCode,
          error: job.errorMessage,
        },
        'a job failed',
      ),
    ),
  ]
  return () => {
    for (const end of ends) end()
  }
}

function endInLog(job: { result: string; queueMs: number; durationMs: number }) {
  return { result: job.result, queueMs: Math.round(job.queueMs), durationMs: Math.round(job.durationMs) }
}
