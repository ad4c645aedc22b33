// pg-boss, set up once a process: its schema, our queues, sending inside a caller's transaction.
import { PgBoss } from 'pg-boss'
import type { Log } from '../log.ts'
import type { Queryable } from '../store/database.ts'
import { priorityOf, QUEUE_OPTIONS, QUEUES, type QueueName, RETRY_LIMIT } from './queues.ts'

export type Boss = PgBoss

const SAY_AGAIN_MS = 30_000

export async function startBoss(url: string, log: Log): Promise<Boss> {
  const boss = new PgBoss({
    connectionString: url,
    schema: 'pgboss',
    application_name: 'sound-forge-jobs',
    max: 6,
    useListenNotify: true,
    // Jobs have spans of ours; its own are traces apart, and tell errors in their words.
    openTelemetry: { enabled: false },

    schedule: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    maintenanceIntervalSeconds: 3600,
  })
  // Without a listener Node would exit when the database goes away; pg-boss itself goes on trying.
  let saidMs = Number.NEGATIVE_INFINITY
  boss.on('error', (error) => {
    // Every queue meets the same when the database goes away, again and again.
    if (performance.now() - saidMs < SAY_AGAIN_MS) return
    saidMs = performance.now()
    log.warn({ err: error }, 'the job queue met an error; it goes on, and says no more for a while')
  })
  await boss.start()
  const there = new Set((await boss.getQueues()).map((queue) => queue.name))
  for (const [name, { priority: _, ...rest }] of Object.entries(QUEUES)) {
    if (!there.has(name) && rest) await boss.createQueue(name, QUEUE_OPTIONS)
  }
  return boss
}

/** pg-boss's view of a transaction of ours. */
export function within(tx: Queryable) {
  return { db: { executeSql: (text: string, values?: unknown[]) => tx.query(text, values as unknown[]) } }
}

/**
 * Sends a stage's job for its owner; the id of the live one when it is queued already.
 * @param place in a list
 */
export async function sendJob(
  tx: Queryable,
  boss: Boss,
  queue: QueueName,
  owner: string,
  place: number,
): Promise<string> {
  // With the limit, as a queue may have been made by an older version, under another one.
  const options = {
    ...within(tx),
    singletonKey: owner,
    priority: priorityOf(queue, place),
    retryLimit: RETRY_LIMIT,
  }
  const id = await boss.send(queue, { owner }, options)
  if (id) return id
  const { rows } = await tx.query<{ id: string }>(
    `select id from pgboss.job where name = $1 and singleton_key = $2 and state in ('created', 'retry', 'active')`,
    [queue, owner],
  )
  if (!rows[0]) throw new Error(`the ${queue} job of ${owner} could not be sent`)
  return rows[0].id
}

/** Wakes this process's loops of a queue: pg-boss leaves one that has just finished asleep until its next poll. */
export function wakeWorkers(boss: Boss, queue: QueueName): void {
  for (const { id, name } of boss.getWipData()) if (name === queue) boss.notifyWorker(id)
}
