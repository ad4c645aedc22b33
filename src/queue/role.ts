// The worker role of a machine. One process of a machine and database has it, so that "processing 2" means 2 on this machine.
// The proof of life is a session lock on the worker's id: the server itself notices a death at once.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Loadable } from '../domain/model.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { holdLease } from '../store/lease.ts'
import { deleteWorker, insertWorker, WORKER_LOCK } from '../store/workers.ts'

export type WorkerRole = { id: string; release(): Promise<void> }

const FROZEN_SECONDS = 10

/** Containers share the host's machine-id but not its hostname; hosts may share a hostname but not the machine-id. */
export function machineId(): string {
  try {
    return `${hostname()} ${readFileSync('/etc/machine-id', 'utf8').trim()}`
  } catch {
    return hostname()
  }
}

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
  const lease = await holdLease(db, `sound-forge machine ${machine}`, {
    frozenSeconds: FROZEN_SECONDS,
    signal,
    onWait,
    onLost: () => {
      log.warn('another process took over the work of this machine')
      onLost()
    },
    async onTaken(session) {
      await session.query(`select pg_advisory_lock(${WORKER_LOCK})`, [id])
      await insertWorker(session, { id, machine, hostname: hostname(), pid: process.pid, models })
    },
  })
  return {
    id,
    release: async () => {
      // Before the lock goes, so that nobody finds a worker without one.
      await deleteWorker(db, id).catch(() => {})
      await lease.release()
    },
  }
}
