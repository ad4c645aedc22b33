// workers: who says to be alive, where, what they work, and which models they can load. The proof of life is a session lock on the id.
import type { Loadable } from '../domain/model.ts'
import type { QueueName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'

export type WorkerRow = {
  id: string
  machine: string
  hostname: string
  pid: number
  models: Loadable[]
  /** The queues that it works, each with this machine's own limit. */
  queues: QueueLimits
}
export type QueueLimits = Partial<Record<QueueName, number>>

/** SQL of the key that a worker's session locks; the one place that spells it. */
export const WORKER_LOCK = "hashtextextended('sound-forge worker ' || $1, 0)"

export async function insertWorker(db: Queryable, worker: WorkerRow): Promise<void> {
  await db.query(
    `insert into workers (id, machine, hostname, pid, models, queues) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set models = excluded.models, queues = excluded.queues`,
    [worker.id, worker.machine, worker.hostname, worker.pid, JSON.stringify(worker.models), worker.queues],
  )
}

export async function deleteWorker(db: Queryable, id: string): Promise<void> {
  await db.query('delete from workers where id = $1', [id])
}

export async function listWorkers(db: Queryable): Promise<WorkerRow[]> {
  return (
    await db.query<WorkerRow>(
      'select id, machine, hostname, pid, models, queues from workers order by started_at',
    )
  ).rows
}

/** Whether nobody holds the worker's lock: it has died, or its connection has just dropped. */
export async function workerLockIsFree(tx: Queryable, id: string): Promise<boolean> {
  const { rows } = await tx.query<{ free: boolean }>(
    `select pg_try_advisory_xact_lock(${WORKER_LOCK}) as free`,
    [id],
  )
  return rows[0]?.free === true
}
