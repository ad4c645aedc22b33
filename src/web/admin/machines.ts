// The machines that work, with what each works on now, and who keeps the platforms' cards up to date.
import { QUEUES, type QueueName } from '../../queue/queues.ts'
import { readMachines, readRunning } from '../../store/admin.ts'
import type { Queryable } from '../../store/database.ts'
import { leaseHolders } from '../../store/lease.ts'
import { platformLabel, queueLabel } from './labels.ts'
import type { AdminCourier, AdminMachine } from './wire.ts'

const NAMES = Object.keys(QUEUES) as QueueName[]

export async function adminMachines(db: Queryable): Promise<AdminMachine[]> {
  const running = Map.groupBy(await readRunning(db), ({ workerId }) => workerId)
  return (await readMachines(db)).map(({ id, hostname, pid, since, models, queues }) => ({
    id,
    hostname,
    pid,
    since: since.toISOString(),
    queues: NAMES.flatMap((queue) => {
      const limit = queues[queue]
      return limit === undefined ? [] : [{ queue, label: queueLabel(queue), limit }]
    }),
    models: models.map(({ name }) => name),
    running: (running.get(id) ?? []).map(({ jobId, queue, since: began, workerId: _, ...job }) => ({
      ...job,
      id: jobId,
      label: queueLabel(queue),
      since: began.toISOString(),
    })),
  }))
}

/** `lease`: the name of the lease that the courier of the platform holds. */
export type CourierLease = { platform: string; lease: string }

export async function adminCouriers(
  db: Queryable,
  couriers: readonly CourierLease[],
): Promise<AdminCourier[]> {
  if (couriers.length === 0) return []
  const holders = await leaseHolders(
    db,
    couriers.map(({ lease }) => lease),
  )
  return couriers.map(({ platform }, index) => ({
    platform: platformLabel(platform),
    at: holders[index] ?? null,
  }))
}
