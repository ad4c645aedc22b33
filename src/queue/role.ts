// The worker role of a machine. One process of a machine and database has it, so that "processing 2" means 2 on this machine.
// Each DATA_DIR counts as a machine of its own: who installs a second one on the same host wants both to work.
// The proof of life is a session lock on the worker's id: the server itself notices a death at once.
import { randomUUID } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { holdLease } from '../store/lease.ts'
import { deleteWorker, insertWorker, WORKER_LOCK, type WorkerRow } from '../store/workers.ts'

export type WorkerRole = { id: string; release(): Promise<void> }

const FROZEN_SECONDS = 10

/** Containers share the host's machine-id but not its hostname; hosts may share a hostname but not the machine-id. */
export function machineId(dataDir: string): string {
  return [hostname(), hostMachineId(), realpathSync(dataDir)].join(' ')
}

function hostMachineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return '-'
  }
}

/**
 * Waits until this process holds the worker role of this machine, then keeps it until released, over losses of the connection.
 * `onWait` is called when another process has it; `onLost` when another has taken it after such a loss and this one has to stop.
 */
export async function holdWorkerRole(
  db: Database,
  log: Log,
  { machine, models, queues }: Pick<WorkerRow, 'machine' | 'models' | 'queues'>,
  signal: AbortSignal,
  { onWait, onLost }: { onWait: () => void; onLost: () => void },
): Promise<WorkerRole> {
  const id = randomUUID()
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
      await insertWorker(session, { id, machine, hostname: hostname(), pid: process.pid, models, queues })
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
