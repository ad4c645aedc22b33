// Who works, and whose work has to be taken up. A worker's proof of life is a session lock on its id, so the server itself
// notices a death at once; one worker role a machine and database, so that "processing 2" means 2 on this machine.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type pg from 'pg'
import type { Log } from '../log.ts'
import { type Database, isPassing } from '../store/database.ts'
import { tracksWithWork } from '../store/requests.ts'
import { notifyCards, stageStops } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import {
  deleteWorker,
  insertWorker,
  type LoadableModel,
  listWorkers,
  WORKER_LOCK,
  workerLockIsFree,
} from '../store/workers.ts'
import { type Boss, within } from './boss.ts'
import { type QueueName, type StageName, stageOf } from './queues.ts'
import { settleTrack } from './settle.ts'

export type WorkerRole = { id: string; release(): Promise<void> }

/** A lock free twice in a row, this far apart, means death: a worker whose connection dropped has taken it back by then. */
const RECONNECT_SECONDS = 2
const SWEEP_SECONDS = 3
/** A holder that is frozen stops pinging, and the server takes its session and with it the role. */
const FROZEN_SECONDS = 10
const PING_SECONDS = 2

/** Containers share the host's machine-id but not its hostname; hosts may share a hostname but not the machine-id. */
export function machineId(): string {
  try {
    return `${hostname()} ${readFileSync('/etc/machine-id', 'utf8').trim()}`
  } catch {
    return hostname()
  }
}

const MACHINE_LOCK = "hashtextextended('sound-forge machine ' || $1, 0)"

/**
 * Waits until this process holds the worker role of this machine, then keeps it until released, over losses of the connection.
 * `onWait` is called when another process has it; `onLost` when another has taken it after such a loss and this one has to stop.
 */
export async function holdWorkerRole(
  db: Database,
  log: Log,
  models: LoadableModel[],
  signal: AbortSignal,
  { onWait, onLost }: { onWait: () => void; onLost: () => void },
): Promise<WorkerRole> {
  const id = randomUUID()
  const machine = machineId()
  let session: pg.Client | undefined
  let released = false

  const take = async (wait: boolean): Promise<boolean> => {
    const client = await db.session()
    const stop = () => void client.end().catch(() => {})
    signal.addEventListener('abort', stop, { once: true })
    try {
      const { rows } = await client.query<{ got: boolean }>(
        `select pg_try_advisory_lock(${MACHINE_LOCK}) as got`,
        [machine],
      )
      if (!rows[0]?.got) {
        if (!wait) {
          stop()
          return false
        }
        onWait()
        await client.query(`select pg_advisory_lock(${MACHINE_LOCK})`, [machine])
      }
      await client.query(`select pg_advisory_lock(${WORKER_LOCK})`, [id])
      await client.query(`set idle_session_timeout = '${FROZEN_SECONDS}s'`)
      await insertWorker(client, { id, machine, hostname: hostname(), pid: process.pid, models })
    } catch (error) {
      stop()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
    session = client
    const ping = setInterval(() => void client.query('select 1').catch(() => {}), PING_SECONDS * 1000)
    client.once('end', () => {
      clearInterval(ping)
      void retake()
    })
    return true
  }
  const retake = async () => {
    for (let pauseMs = 100; !released; pauseMs = Math.min(pauseMs * 2, 2000)) {
      try {
        if (await take(false)) return
        log.warn('another process took over the work of this machine')
        return onLost()
      } catch {
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  // The wait itself may lose its connection.
  for (;;) {
    try {
      await take(true)
      break
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  return {
    id,
    release: async () => {
      released = true
      await session?.query('delete from workers where id = $1', [id]).catch(() => {})
      await session?.end().catch(() => {})
    },
  }
}

/**
 * Every few seconds, and at once: sends the jobs of dead workers again and settles every track that has work.
 * @param machine this process holds this machine's worker role, so every other worker of it is dead for certain
 */
export function startSweeps(
  deps: { db: Database; boss: Boss; log: Log },
  own?: { id: string; machine: string },
) {
  const suspects = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  const sweep = async () => {
    try {
      await reapWorkers(deps, suspects, own)
      for (const trackId of await tracksWithWork(deps.db)) {
        await deps.db.transaction(async (tx) => {
          await lockTrack(tx, trackId)
          await settleTrack(tx, deps.boss, trackId)
        })
      }
    } catch (error) {
      deps.log.warn({ err: error }, 'a sweep did not finish; the next one goes on')
    }
    if (!stopped) timer = setTimeout(run, SWEEP_SECONDS * 1000)
  }
  const run = () => {
    running = sweep()
  }
  run()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function reapWorkers(
  { db, boss, log }: { db: Database; boss: Boss; log: Log },
  suspects: Map<string, number>,
  own?: { id: string; machine: string },
) {
  for (const worker of await listWorkers(db)) {
    if (worker.id === own?.id) continue
    const free = await db.transaction((tx) => workerLockIsFree(tx, worker.id))
    if (!free) {
      suspects.delete(worker.id)
      continue
    }
    const since = suspects.get(worker.id) ?? Date.now()
    suspects.set(worker.id, since)
    const certain = worker.machine === own?.machine || Date.now() - since >= RECONNECT_SECONDS * 1000
    if (!certain) continue
    log.warn(
      { worker: worker.id, pid: worker.pid, host: worker.hostname },
      'a worker died; its jobs are sent again',
    )
    await resendJobsOf(db, boss, worker.id)
    await deleteWorker(db, worker.id)
    suspects.delete(worker.id)
  }
}

/** Gives back what a dead worker was doing. A crash is no attempt: attempts are counted from job_events. */
async function resendJobsOf(db: Database, boss: Boss, workerId: string) {
  const { rows } = await db.query<{
    trackId: string
    owner: string
    queue: QueueName
    id: string
    retryCount: number
  }>(
    `select s.track_id as "trackId", s.owner, s.queue, j.id, j.retry_count as "retryCount"
     from stages s join pgboss.job j on j.name = s.queue and j.id = s.job_id
     where s.worker_id = $1 and s.state = 'running' and j.state = 'active'`,
    [workerId],
  )
  for (const { trackId, owner, queue, id, retryCount } of rows) {
    await db.transaction(async (tx) => {
      await lockTrack(tx, trackId)
      await boss.fail(queue, { id, retryCount }, { message: 'its worker died' }, within(tx))
      await stageStops(tx, owner, stageOf(queue) satisfies StageName, 'waiting')
      await notifyCards(tx, trackId)
    })
  }
}
