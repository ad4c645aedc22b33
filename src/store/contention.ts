// What holds the database up: sessions that wait for each other's locks, and notifications that somebody does not take.
import type { Queryable } from './database.ts'

export type Contention = {
  /** Sessions that wait for a lock; who waits for a role, as a second worker or courier does, is none of them. */
  lockWaits: number
  /** How long the first of them has waited. */
  oldestLockWaitSeconds: number
  /** How full PostgreSQL's queue of notifications is; at 1 every transaction that notifies fails. */
  notifyQueueRatio: number
}

export async function contention(db: Queryable): Promise<Contention> {
  const { rows } = await db.query<Contention>(
    `select count(*)::int as "lockWaits",
       coalesce(extract(epoch from clock_timestamp() - min(l.waitstart)), 0)::float8 as "oldestLockWaitSeconds",
       pg_notification_queue_usage() as "notifyQueueRatio"
     from pg_locks l join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
     where not l.granted and l.locktype <> 'advisory'`,
  )
  return rows[0] ?? { lockWaits: 0, oldestLockWaitSeconds: 0, notifyQueueRatio: 0 }
}
