// queue_controls: what an admin has said of a queue, for all machines; no row: as each machine's settings say.
import type { QueueName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'

/** Workers read the table again when they hear this. */
export const CONTROL_CHANNEL = 'sound_forge_control'

/** `concurrency` is for one machine; null where its own settings count. */
export type QueueControl = { queue: QueueName; paused: boolean; concurrency: number | null }
export type QueueStanding = QueueControl & { waiting: number; running: number }

export async function readControls(db: Queryable): Promise<QueueControl[]> {
  return (await db.query<QueueControl>('select queue, paused, concurrency from queue_controls')).rows
}

/** How each of these queues is set, and what is in it. */
export async function queueStandings(db: Queryable, queues: QueueName[]): Promise<QueueStanding[]> {
  const { rows } = await db.query<QueueStanding>(
    `select named.queue, coalesce(c.paused, false) as paused, c.concurrency,
       (select count(*)::int from stages s where s.queue = named.queue and s.state in ('waiting', 'retrying')) as waiting,
       (select count(*)::int from stages s where s.queue = named.queue and s.state = 'running') as running
     from unnest($1::text[]) with ordinality named (queue, place) left join queue_controls c on c.queue = named.queue
     order by named.place`,
    [queues],
  )
  return rows
}

export async function setPaused(tx: Queryable, queues: QueueName[], paused: boolean): Promise<void> {
  await tx.query(
    `insert into queue_controls (queue, paused) select queue, $2 from unnest($1::text[]) queue
     on conflict (queue) do update set paused = excluded.paused`,
    [queues, paused],
  )
}

export async function setConcurrency(tx: Queryable, queues: QueueName[], concurrency: number): Promise<void> {
  await tx.query(
    `insert into queue_controls (queue, concurrency) select queue, $2 from unnest($1::text[]) queue
     on conflict (queue) do update set concurrency = excluded.concurrency`,
    [queues, concurrency],
  )
}

export async function notifyControls(tx: Queryable): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [CONTROL_CHANNEL, ''])
}
