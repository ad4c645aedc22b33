// queue_controls: what somebody has said of a queue, for all machines; no row: as each machine's settings say.
import type { QueueName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'
import { CARD_CHANNEL } from './stages.ts'

/** Workers read the table again when they hear this. */
export const CONTROL_CHANNEL = 'sound_forge_control'

/** Who says it: somebody on a platform, or at the terminal or the operator's page. */
export type SaidBy = { platform: string; person: string }

/** What is said of a queue; what is left out stays as it is. */
export type QueueSetting = {
  /** No new job starts. */
  paused?: boolean
  /** The same, as the machines are about to be stopped. */
  draining?: boolean
  /** For one machine; null where its own settings count. */
  concurrency?: number | null
}
export type QueueControl = Required<QueueSetting> & {
  queue: QueueName
  changedAt: Date | null
  changedBy: SaidBy | null
}

export async function readControls(db: Queryable): Promise<QueueControl[]> {
  const { rows } = await db.query<QueueControl>(
    `select queue, paused, draining, concurrency, changed_at as "changedAt", changed_by as "changedBy" from queue_controls`,
  )
  return rows
}

/** Says it of these queues, and tells the workers, and whoever shows cards. */
export async function setControls(
  tx: Queryable,
  queues: QueueName[],
  { paused, draining, concurrency }: QueueSetting,
  by: SaidBy,
): Promise<void> {
  await tx.query(
    `insert into queue_controls as c (queue, paused, draining, concurrency, changed_at, changed_by)
     select queue, coalesce($2, false), coalesce($3, false), $4, now(), $6 from unnest($1::text[]) queue
     on conflict (queue) do update set paused = coalesce($2, c.paused), draining = coalesce($3, c.draining),
       concurrency = case when $5 then $4 else c.concurrency end, changed_at = now(), changed_by = $6`,
    [queues, paused ?? null, draining ?? null, concurrency ?? null, concurrency !== undefined, by],
  )
  // Cards say what they wait for.
  await tx.query(`select pg_notify(channel, '') from unnest($1::text[]) channel`, [
    [CONTROL_CHANNEL, CARD_CHANNEL],
  ])
}

export type QueueLoad = { queue: QueueName; waiting: number; running: number }

/** What is in each of these queues. */
export async function queueLoads(db: Queryable, queues: QueueName[]): Promise<QueueLoad[]> {
  const { rows } = await db.query<QueueLoad>(
    `select named.queue, count(*) filter (where s.state in ('waiting', 'retrying'))::int as waiting,
       count(*) filter (where s.state = 'running')::int as running
     from unnest($1::text[]) with ordinality named (queue, place)
       left join stages s on s.queue = named.queue and s.state in ('waiting', 'running', 'retrying')
     group by named.queue, named.place order by named.place`,
    [queues],
  )
  return rows
}
