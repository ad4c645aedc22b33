// All that the operator's page shows, read one thing after the other: it takes one connection of many.
import type { Queryable } from '../../store/database.ts'
import type { Cards } from './cards.ts'
import { adminFailures } from './failures.ts'
import { adminCouriers, adminMachines, type CourierLease } from './machines.ts'
import { adminQueues } from './queues.ts'
import { requestGroups } from './requests.ts'
import type { AdminState } from './wire.ts'

export type StateDeps = { db: Queryable; cards: Cards; couriers: readonly CourierLease[] }

export async function readState({ db, cards, couriers }: StateDeps): Promise<AdminState> {
  return {
    queues: await adminQueues(db),
    ...(await requestGroups({ db, cards })),
    discarded: await adminFailures(db),
    machines: await adminMachines(db),
    couriers: await adminCouriers(db, couriers),
  }
}
