// Pause, resume and scale queues on all machines at once, and look at them. loops.ts is where every worker obeys.
import type { Database, Queryable } from '../store/database.ts'
import {
  notifyControls,
  type QueueStanding,
  queueStandings,
  setConcurrency,
  setPaused,
} from '../store/queue-controls.ts'
import { QUEUES, type QueueName, type StageName, stageOf } from './queues.ts'

/** No new job starts; running ones finish. `undefined` is all queues, `delivery` those of every platform. */
export async function pauseQueues(db: Database, stage: StageName | undefined): Promise<void> {
  await change(db, (tx) => setPaused(tx, queuesOf(stage), true))
}

export async function resumeQueues(db: Database, stage: StageName | undefined): Promise<void> {
  await change(db, (tx) => setPaused(tx, queuesOf(stage), false))
}

/** @param limit jobs at once on each machine */
export async function scaleQueues(db: Database, stage: StageName | undefined, limit: number): Promise<void> {
  await change(db, (tx) => setConcurrency(tx, queuesOf(stage), limit))
}

export async function lookAtQueues(db: Queryable, stage: StageName | undefined): Promise<QueueStanding[]> {
  return queueStandings(db, queuesOf(stage))
}

/** Always in the order of the table, so that two changes at once cannot lock each other out. */
function queuesOf(stage: StageName | undefined): QueueName[] {
  return (Object.keys(QUEUES) as QueueName[]).filter((queue) => !stage || stageOf(queue) === stage)
}

async function change(db: Database, write: (tx: Queryable) => Promise<void>): Promise<void> {
  await db.transaction(async (tx) => {
    await write(tx)
    await notifyControls(tx)
  })
}
