// job_events: every start, end and error of a job. What attempts and crashes are counted from.
import type { QueueName, StageName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'

export type JobEvent = {
  kind: 'start' | 'stop' | 'exception' | 'released' | 'lost' | 'cancelled' | 'postponed'
  jobId: string
  queue: QueueName
  owner: string
  trackId: string
  attempt: number
  workerId: string
  queueMs?: number
  durationMs?: number
  error?: { code: string; message: string }
  audioSeconds?: number
  model?: string
  device?: string
}

export async function recordEvent(tx: Queryable, event: JobEvent): Promise<void> {
  await tx.query(
    `insert into job_events (kind, job_id, queue, owner, track_id, attempt, worker_id, queue_ms, duration_ms, error_code, error_message, audio_seconds, model, device,
       hostname)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, (select hostname from workers where id = $7))`,
    [
      event.kind,
      event.jobId,
      event.queue,
      event.owner,
      event.trackId,
      event.attempt,
      event.workerId,
      event.queueMs ?? null,
      event.durationMs ?? null,
      event.error?.code ?? null,
      event.error?.message ?? null,
      event.audioSeconds ?? null,
      event.model ?? null,
      event.device ?? null,
    ],
  )
}

/** Of a job that nobody wants any more, and that does not run: no worker will tell of its end. To be called before its stage is forgotten. */
export async function recordCancelled(tx: Queryable, owner: string, stage: StageName): Promise<void> {
  await tx.query(
    `insert into job_events (kind, job_id, queue, owner, track_id, attempt, queue_ms)
     select 'cancelled', job_id, queue, owner, track_id, case when started_at is null then 0 else attempt end,
       extract(epoch from now() - sent_at) * 1000
     from stages where owner = $1 and stage = $2 and state in ('waiting', 'retrying')`,
    [owner, stage],
  )
}

/** A failure ended by the tool's own answer; a crash is a start that nothing ended. */
export async function countFailures(
  db: Queryable,
  jobId: string,
): Promise<{ failures: number; crashes: number }> {
  const { rows } = await db.query<{ failures: number; crashes: number }>(
    `select count(*) filter (where kind = 'exception')::int as failures,
       (count(*) filter (where kind = 'start') - count(*) filter (where kind <> 'start'))::int as crashes
     from job_events where job_id = $1`,
    [jobId],
  )
  return rows[0] ?? { failures: 0, crashes: 0 }
}

/** How often a job was put off since its platform stopped taking it, and for how long that is. */
export async function countPostponed(
  db: Queryable,
  jobId: string,
): Promise<{ times: number; seconds: number }> {
  const { rows } = await db.query<{ times: number; seconds: number }>(
    `select count(*)::int as times, coalesce(extract(epoch from now() - min(at)), 0)::float8 as seconds
     from job_events where job_id = $1 and kind = 'postponed'`,
    [jobId],
  )
  return rows[0] ?? { times: 0, seconds: 0 }
}

/** A rate changes slowly, and every card asks for several. */
const REMEMBER_MS = 10_000
const remembered = new WeakMap<Queryable, Map<string, { rate: Promise<number | undefined>; atMs: number }>>()

/** Seconds of work per second of audio of a queue's last runs (median), by model where given; undefined before the first. */
export function measuredRate(
  db: Queryable,
  queue: QueueName,
  model: string | null,
): Promise<number | undefined> {
  const rates = remembered.get(db) ?? new Map<string, { rate: Promise<number | undefined>; atMs: number }>()
  remembered.set(db, rates)
  const key = `${queue} ${model}`
  const known = rates.get(key)
  if (known && Date.now() - known.atMs < REMEMBER_MS) return known.rate
  const rate = measureRate(db, queue, model)
  rates.set(key, { rate, atMs: Date.now() })
  rate.catch(() => rates.delete(key))
  return rate
}

async function measureRate(
  db: Queryable,
  queue: QueueName,
  model: string | null,
): Promise<number | undefined> {
  const { rows } = await db.query<{ rate: number | null }>(
    `select percentile_cont(0.5) within group (order by rate) as rate from (
       select duration_ms / 1000 / audio_seconds as rate from job_events
       where queue = $1 and kind = 'stop' and audio_seconds > 0 and ($2::text is null or model = $2) order by at desc limit 20) recent`,
    [queue, model],
  )
  return rows[0]?.rate ?? undefined
}
