// Which workers live: their session holds the lock on their id. Asking takes no lock, so that it can be done as often as one likes.
import type { Queryable } from './database.ts'
import { WORKER_LOCK, type WorkerRow } from './workers.ts'

/** SQL of a table `live_workers`, for a `with`. */
export const LIVE_WORKERS = `live_workers as (
  select w.* from workers w
  where ${WORKER_LOCK.replace('$1', 'w.id::text')} in (
    select (l.classid::bigint << 32) | l.objid::bigint from pg_locks l join pg_database d on d.oid = l.database
    where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and d.datname = current_database()))`

export async function countLiveWorkers(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with ${LIVE_WORKERS} select count(*)::int as count from live_workers`,
  )
  return rows[0]?.count ?? 0
}

export async function liveWorkers(db: Queryable): Promise<WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(
    `with ${LIVE_WORKERS} select id, machine, hostname, pid, models, queues from live_workers order by started_at`,
  )
  return rows
}
