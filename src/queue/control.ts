// Pause, resume, scale and drain queues on all machines at once, and look at them: docs/control.md. loops.ts is where every worker obeys.
import type { Database, Queryable } from '../store/database.ts'
import { liveWorkers } from '../store/live-workers.ts'
import {
  type QueueControl,
  type QueueLoad,
  type QueueSetting,
  queueLoads,
  readControls,
  type SaidBy,
  setControls,
} from '../store/queue-controls.ts'
import type { WorkerRow } from '../store/workers.ts'
import { QUEUES, type QueueName, type StageName, stageOf } from './queues.ts'

export type QueueStanding = QueueControl &
  QueueLoad & {
    /** Jobs at once over all machines that work it, while it is open; 0 where none does. */
    limit: number
    /** `drained`: as draining, and nothing runs any more. */
    state: 'open' | 'paused' | 'draining' | 'drained'
  }

/** No new job starts; running ones finish. `undefined` is all queues, `delivery` those of every platform. */
export async function pauseQueues(db: Database, stage: StageName | undefined, by: SaidBy): Promise<void> {
  await change(db, stage, { paused: true }, by)
}

/** As pause, by who is going to stop the machines. */
export async function drainQueues(db: Database, stage: StageName | undefined, by: SaidBy): Promise<void> {
  await change(db, stage, { draining: true }, by)
}

/** Whatever held it: a pause, a drain or both. */
export async function resumeQueues(db: Database, stage: StageName | undefined, by: SaidBy): Promise<void> {
  await change(db, stage, { paused: false, draining: false }, by)
}

/** @param limit jobs at once on each machine; null: as each machine's settings say */
export async function scaleQueues(
  db: Database,
  stage: StageName | undefined,
  limit: number | null,
  by: SaidBy,
): Promise<void> {
  await change(db, stage, { concurrency: limit }, by)
}

export async function lookAtQueues(db: Queryable, stage: StageName | undefined): Promise<QueueStanding[]> {
  const controls = new Map((await readControls(db)).map((control) => [control.queue, control]))
  const workers = await liveWorkers(db)
  return (await queueLoads(db, queuesOf(stage))).map((load) => {
    const { queue } = load
    const control = controls.get(queue) ?? { ...SAID_NOTHING, queue }
    return {
      ...control,
      ...load,
      limit: limitOf(queue, control.concurrency, workers),
      state: stateOf(control, load),
    }
  })
}

const SAID_NOTHING = {
  paused: false,
  draining: false,
  concurrency: null,
  changedAt: null,
  changedBy: null,
} as const

function limitOf(queue: QueueName, concurrency: number | null, workers: WorkerRow[]): number {
  const own = workers.map(({ queues }) => queues[queue]).filter((limit) => limit !== undefined)
  return own.reduce((sum, limit) => sum + (concurrency ?? limit), 0)
}

function stateOf({ paused, draining }: QueueControl, { running }: QueueLoad): QueueStanding['state'] {
  if (draining) return running > 0 ? 'draining' : 'drained'
  return paused ? 'paused' : 'open'
}

/** Always in the order of the table, so that two changes at once cannot lock each other out. */
function queuesOf(stage: StageName | undefined): QueueName[] {
  return (Object.keys(QUEUES) as QueueName[]).filter((queue) => !stage || stageOf(queue) === stage)
}

async function change(db: Database, stage: StageName | undefined, setting: QueueSetting, by: SaidBy) {
  await db.transaction((tx) => setControls(tx, queuesOf(stage), setting, by))
}
