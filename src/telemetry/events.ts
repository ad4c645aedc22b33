// What happens, as events that code can subscribe to: docs/telemetry.md. Logs, metrics and traces are subscribers like any other; what emits
// an event knows of none of them. Durations are milliseconds, moments come from Date.
import { EventEmitter } from 'node:events'
import type { QueueName, StageName } from '../queue/queues.ts'

/** One attempt at a job. */
export type JobAttempt = {
  queue: QueueName
  stage: StageName
  jobId: string
  /** The track, separation or request that the job is about. */
  owner: string
  trackId: string
  /** The requests that wait for it, oldest first. */
  requests: { id: string; number: number }[]
  /** From 1 on. */
  attempt: number
  workerId: string
  /** From when it could have started to when it did. */
  queueMs: number
  startedAt: Date
}

/** How an attempt ended; `queueMs` and `durationMs` together are its whole way. */
type Ended = JobAttempt & {
  durationMs: number
  /** Of the song, where it is known: `durationMs` by it is the real-time factor. */
  audioSeconds?: number
  model?: string
  device?: string
}

export type TelemetryEvents = {
  'job:start': JobAttempt
  /**
   * Without an error of the work: done; postponed, as a platform or a service does not take it just now; cancelled by a person; released at
   * shutdown; lost to another attempt. Only `done` and `postponed` counted: the last three cost no attempt either.
   */
  'job:stop': Ended & {
    result: 'done' | 'postponed' | 'cancelled' | 'released' | 'lost'
    errorCode: string | null
  }
  /** `retrying`: another attempt follows after a pause. `discarded`: none does. */
  'job:exception': Ended & {
    result: 'retrying' | 'discarded'
    errorCode: string
    /** One sentence, for people. */
    errorMessage: string
  }
}

export type TelemetryEvent = keyof TelemetryEvents
type Handler<E extends TelemetryEvent> = (event: TelemetryEvents[E]) => void

const emitter = new EventEmitter()
// Metrics alone listen to most of them.
emitter.setMaxListeners(0)

/**
 * Calls `handler` for each such event of this process, in the moment it happens. A handler that throws is taken off, with a warning of
 * the process's: it can disturb neither the work nor another handler.
 * @returns takes the handler off
 */
export function subscribe<E extends TelemetryEvent>(name: E, handler: Handler<E>): () => void {
  const guarded = (event: TelemetryEvents[E]) => {
    try {
      handler(event)
    } catch (error) {
      unsubscribe()
      process.emitWarning(
        `a handler of ${name} was taken off: ${(error as Error).message}`,
        'TelemetryWarning',
      )
    }
  }
  const unsubscribe = () => void emitter.off(name, guarded)
  emitter.on(name, guarded)
  return unsubscribe
}

export function emit<E extends TelemetryEvent>(name: E, event: TelemetryEvents[E]): void {
  emitter.emit(name, event)
}
