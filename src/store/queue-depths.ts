// What waits and runs in each queue, by Oban's names of states, how long it has waited, and how much of it may run at once on all machines.
import type { QueueName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'
import { LIVE_WORKERS } from './live-workers.ts'

export type QueueDepth = {
  queue: QueueName
  /** May start at once. */
  available: number
  /** Put off: its platform or service does not take it just now. */
  scheduled: number
  executing: number
  /** Failed, and is tried again. */
  retryable: number
  /** Given up, by its number of failures or for good; until it is asked for again, or pruned. */
  discarded: number
  /** How long the one that has waited longest could have started already; 0 where none waits. */
  oldestAgeSeconds: number
  /** Jobs at once over all live machines that work it; 0 while paused. */
  limit: number
  /** By a pause, or as the machines are being drained. */
  paused: boolean
}

/** One for each of these queues, also where it is empty. */
export async function queueDepths(db: Queryable, queues: readonly QueueName[]): Promise<QueueDepth[]> {
  const { rows } = await db.query<QueueDepth>(
    `with ${LIVE_WORKERS},
     unfinished as (
       select s.queue, s.state, j.start_after > now() as postponed, greatest(j.created_on, j.start_after) as ready_at
       from stages s left join pgboss.job j on j.name = s.queue and j.id = s.job_id
       where s.state in ('waiting', 'running', 'retrying')),
     depths as (
       select queue,
         count(*) filter (where state = 'waiting' and postponed is not true) as available,
         count(*) filter (where state = 'waiting' and postponed) as scheduled,
         count(*) filter (where state = 'running') as executing,
         count(*) filter (where state = 'retrying') as retryable,
         extract(epoch from now() - min(ready_at) filter (where state <> 'running' and not postponed)) as oldest
       from unfinished group by queue),
     discards as (select queue, count(*) as discarded from stages where state = 'discarded' group by queue),
     limits as (
       select q.key as queue, sum(coalesce(c.concurrency, q.value::int)) as "limit"
       from live_workers w cross join jsonb_each_text(w.queues) q left join queue_controls c on c.queue = q.key
       group by q.key)
     select named.queue, coalesce(available, 0)::int as available, coalesce(scheduled, 0)::int as scheduled,
       coalesce(executing, 0)::int as executing, coalesce(retryable, 0)::int as retryable, coalesce(discarded, 0)::int as discarded,
       coalesce(oldest, 0)::float8 as "oldestAgeSeconds", coalesce(c.paused or c.draining, false) as paused,
       (case when c.paused or c.draining then 0 else coalesce("limit", 0) end)::int as "limit"
     from unnest($1::text[]) with ordinality named (queue, place)
       left join depths using (queue) left join discards using (queue) left join limits using (queue)
       left join queue_controls c using (queue)
     order by named.place`,
    [queues],
  )
  return rows
}
