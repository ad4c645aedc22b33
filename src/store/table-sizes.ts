// How full each table is, of ours and of the job queue's: its bytes with indexes and TOAST, and its live and dead rows as autovacuum sees them.
import type { Queryable } from './database.ts'

export type TableSize = { table: string; bytes: number; liveTuples: number; deadTuples: number }

/** `table` has its schema where that is not `public`, as in `pgboss.job_common`; largest first. */
export async function tableSizes(db: Queryable): Promise<TableSize[]> {
  const { rows } = await db.query<TableSize>(
    `select case schemaname when 'public' then relname else schemaname || '.' || relname end as "table",
       pg_total_relation_size(relid)::float8 as bytes, n_live_tup::float8 as "liveTuples", n_dead_tup::float8 as "deadTuples"
     from pg_stat_user_tables where schemaname in ('public', 'pgboss')
     order by bytes desc, "table"`,
  )
  return rows
}
