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

/** Why a tool's process ended: kept for nothing, grown too large, hung, by itself, its job cancelled, the worker stopped, its one job done. */
export type ToolExit = 'idle' | 'memory' | 'stalled' | 'crashed' | 'cancelled' | 'stopped' | 'done'

/** A process of a tool; without a `pid` it could not be started. */
type ToolProcess = { tool: string; pid: number | undefined }

export type TelemetryEvents = {
  /** Exactly one `job:stop` or `job:exception` follows, unless the process dies. */
  'job:start': JobAttempt
  /**
   * Without an error of the work: done; postponed, as a platform or a service does not take it just now; cancelled by a person; released at
   * shutdown; lost to another attempt, or as its end could not be written down. Only `done` costs an attempt.
   */
  'job:stop': Ended & {
    result: 'done' | 'postponed' | 'cancelled' | 'released' | 'lost'
    errorCode: string | null
  }
  /** `retrying`: another attempt follows after a pause. `discarded`: none does; of a job that has crashed too often no start precedes. */
  'job:exception': Ended & {
    result: 'retrying' | 'discarded'
    errorCode: string
    /** One sentence, for people. */
    errorMessage: string
  }
  /** It starts for a job, and so is busy. */
  'tool:start': ToolProcess
  /** It has ended its job, and waits for the next one. */
  'tool:idle': ToolProcess
  /** It was idle, and has another job. */
  'tool:busy': ToolProcess
  'tool:exit': ToolProcess & { reason: ToolExit }
  /**
   * The courier has tried to make a message show its card. `busy`: the platform asked for a pause. `lagMs`, where it shows it now: from when
   * the courier first heard that the card may have changed.
   */
  'courier:edit':
    | { platform: string; outcome: 'edited' | 'posted'; lagMs: number }
    | { platform: string; outcome: 'busy' | 'failed' }
  /** A platform answered 429. */
  'platform:rate-limit': { platform: string }
  /** A command, a press, a form or typing was acknowledged, so long after it had come in. */
  'platform:ack': { platform: string; ackMs: number }
  /** A connection of the pool was had, or given up, after this wait. */
  'database:acquire': { waitedMs: number }
}

export type TelemetryEvent = keyof TelemetryEvents
type Handler<E extends TelemetryEvent> = (event: Readonly<TelemetryEvents[E]>) => void

const emitter = new EventEmitter()
// Metrics alone listen to most of them.
emitter.setMaxListeners(0)

/**
 * Calls `handler` for each such event of this process, in the moment it happens. A handler that throws, or whose promise is rejected, is
 * taken off, with a warning of the process's: it can disturb neither the work nor another handler.
 * @returns takes the handler off
 */
export function subscribe<E extends TelemetryEvent>(name: E, handler: Handler<E>): () => void {
  const guarded = (event: TelemetryEvents[E]) => {
    try {
      const outcome: unknown = handler(event)
      if (outcome instanceof Promise) outcome.catch(takeOff)
    } catch (error) {
      takeOff(error)
    }
  }
  const takeOff = (error: unknown) => {
    unsubscribe()
    const why = error instanceof Error ? error.message : String(error)
    process.emitWarning(`a handler of ${name} was taken off: ${why}`, 'TelemetryWarning')
  }
  const unsubscribe = () => void emitter.off(name, guarded)
  emitter.on(name, guarded)
  return unsubscribe
}

export function emit<E extends TelemetryEvent>(name: E, event: TelemetryEvents[E]): void {
  emitter.emit(name, event)
}
