// The worker role of a machine. One process of a machine and database has it, so that "processing 2" means 2 on this machine.
// The proof of life is a session lock on the worker's id: the server itself notices a death at once.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type pg from 'pg'
import type { Loadable } from '../domain/model.ts'
import type { Log } from '../log.ts'
import { type Database, isPassing } from '../store/database.ts'
import { deleteWorker, insertWorker, WORKER_LOCK } from '../store/workers.ts'

export type WorkerRole = { id: string; release(): Promise<void> }

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
  models: Loadable[],
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
      if (session) await deleteWorker(session, id).catch(() => {})
      await session?.end().catch(() => {})
    },
  }
}
