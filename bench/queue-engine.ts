// A job queue as the bench drives it; ours, and pg-boss as it comes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobResult, JobWithMetadata } from 'pg-boss'
import { PgBoss } from 'pg-boss'
import { createLog } from '../src/log.ts'
import { sendJob, startBoss, wakeWorkers } from '../src/queue/boss.ts'
import { WORK_OPTIONS } from '../src/queue/queues.ts'
import { connect } from '../src/store/database.ts'
import type { Workplace } from './workplace.ts'

export type Engine = {
  send(key: string): Promise<unknown>
  work(workers: number, handle: (key: string) => Promise<void>): Promise<void>
  close(): Promise<void>
}

export type EngineKind = {
  name: string
  /** How many jobs it is given to finish in a measure of its rate: a few seconds of work. */
  jobs: number
  /** @param space a name of letters and underscores that keeps this engine's jobs apart */
  open(place: Workplace, space: string): Promise<Engine>
}

const QUEUE = 'download'

/** What the project runs on: its own set-up of pg-boss, its own sending, and siblings woken as its stages wake them. */
export const ours: EngineKind = {
  name: 'ours',
  jobs: 500,
  async open(place, space) {
    const url = await place.database(space)
    const log = createLog('silent')
    const db = connect(url, log)
    const boss = await startBoss(url, log)
    return {
      send: (key) => sendJob(db, boss, QUEUE, key, 0),
      async work(workers, handle) {
        const handler = async ([job]: JobWithMetadata<{ owner: string }>[]): Promise<JobResult[]> => {
          if (!job) return []
          try {
            await handle(job.data.owner)
            return [{ id: job.id, status: 'completed' }]
          } finally {
            setImmediate(() => wakeWorkers(boss, QUEUE))
          }
        }
        await boss.work(QUEUE, { ...WORK_OPTIONS, localConcurrency: workers }, handler)
      },
      async close() {
        await stop(boss)
        await db.close()
      },
    }
  },
}

export const pgBossDefaults: EngineKind = {
  name: 'pg-boss defaults',
  jobs: 24,
  async open(place, space) {
    const boss = new PgBoss(await place.database(space))
    boss.on('error', () => {})
    await boss.start()
    await boss.createQueue(QUEUE)
    return {
      send: (key) => boss.send(QUEUE, { key }),
      async work(workers, handle) {
        await boss.work<{ key: string }>(QUEUE, { localConcurrency: workers }, async ([job]) => {
          if (job) await handle(job.data.key)
        })
      },
      close: () => stop(boss),
    }
  },
}

/** The last jobs' completions are still on their way when their handlers have been seen. */
async function stop(boss: PgBoss): Promise<void> {
  await sleep(100)
  await boss.stop({ graceful: false })
}
