// Jobs as metrics: how many attempts ended in which way, how long they waited and took, and how that compares to the song.
import type { Meter } from '@opentelemetry/api'
import { ERRORS } from '../errors.ts'
import { QUEUES } from '../queue/queues.ts'
import { subscribe, type TelemetryEvents } from './events.ts'

type Ended = TelemetryEvents['job:stop'] | TelemetryEvents['job:exception']

const RESULTS: readonly Ended['result'][] = [
  'done',
  'postponed',
  'cancelled',
  'released',
  'lost',
  'retrying',
  'discarded',
]
const QUEUE_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const WORK_SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]
const REAL_TIME_FACTORS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16]

/** @returns ends it */
export function countJobs(meter: Meter): () => void {
  const jobs = meter.createCounter('sound_forge_jobs_total', {
    description: 'Attempts at jobs that ended, by how they did.',
  })
  const durations = meter.createHistogram('sound_forge_job_duration_seconds', {
    description: 'Time from the start of an attempt to its end.',
    advice: { explicitBucketBoundaries: WORK_SECONDS },
  })
  const queueTimes = meter.createHistogram('sound_forge_job_queue_time_seconds', {
    description: 'Time from when an attempt could have started to when it did.',
    advice: { explicitBucketBoundaries: QUEUE_SECONDS },
  })
  const factors = meter.createHistogram('sound_forge_stage_real_time_factor', {
    description: 'Seconds of work for each second of the song, of attempts that are done.',
    advice: { explicitBucketBoundaries: REAL_TIME_FACTORS },
  })
  // So that the first of a kind is seen as an increase.
  for (const queue of Object.keys(QUEUES))
    for (const result of RESULTS) jobs.add(0, { queue, result, error_code: '' })

  const count = (job: Ended) => {
    const { queue, stage, result, errorCode, durationMs, audioSeconds, model = '', device = '' } = job
    jobs.add(1, { queue, result, error_code: known(errorCode) })
    durations.record(durationMs / 1000, { queue, result })
    if (result === 'done' && audioSeconds)
      factors.record(durationMs / 1000 / audioSeconds, { stage, model, device })
  }
  const ends = [
    subscribe('job:start', ({ queue, queueMs }) => queueTimes.record(Math.max(0, queueMs) / 1000, { queue })),
    subscribe('job:stop', count),
    subscribe('job:exception', count),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/** A tool may answer with any code; as a label there are only those that we know. */
function known(errorCode: string | null): string {
  if (errorCode === null) return ''
  return Object.hasOwn(ERRORS, errorCode) ? errorCode : 'other'
}
