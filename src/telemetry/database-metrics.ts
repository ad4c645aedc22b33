// The database as metrics: this process's connections to it, what holds it up, and how full its tables are.
import type { Meter } from '@opentelemetry/api'
import type { Database } from '../store/database.ts'
import type { TableSize } from '../store/table-sizes.ts'
import { subscribe } from './events.ts'
import type { Observer } from './observer.ts'

/** A connection is given up after five seconds. */
const WAIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function observeDatabase(meter: Meter, { pool }: Pick<Database, 'pool'>): Observer & { stop(): void } {
  const up = meter.createObservableGauge('sound_forge_database_up', {
    description: '1 while the database answers in time.',
  })
  const connections = meter.createObservableGauge('sound_forge_database_pool_connections', {
    description: 'Connections of the pool of this process.',
  })
  const waiting = meter.createObservableGauge('sound_forge_database_pool_waiting', {
    description: 'Transactions and queries of this process that wait for a connection.',
  })
  const waits = meter.createHistogram('sound_forge_database_pool_wait_seconds', {
    description: 'Time that a transaction or a query waited for a connection.',
    advice: { explicitBucketBoundaries: WAIT_SECONDS },
  })
  const lockWaits = meter.createObservableGauge('sound_forge_database_lock_waits', {
    description: 'Sessions that wait for a lock of another.',
  })
  const oldestLockWait = meter.createObservableGauge('sound_forge_database_lock_wait_oldest_seconds', {
    description: 'How long the first of them has waited.',
  })
  const notifyQueue = meter.createObservableGauge('sound_forge_database_notify_queue_ratio', {
    description: "How full PostgreSQL's queue of notifications is, from 0 to 1.",
  })
  const dead = meter.createObservableGauge('sound_forge_database_dead_tuples', {
    description: 'Rows of a table that vacuum has still to remove.',
  })
  const live = meter.createObservableGauge('sound_forge_database_live_tuples', {
    description: 'Rows of a table.',
  })
  const bytes = meter.createObservableGauge('sound_forge_database_table_bytes', {
    description: 'Bytes of a table with all that belongs to it.',
  })
  const stop = subscribe('database:acquire', ({ waitedMs }) => waits.record(waitedMs / 1000))
  return {
    gauges: [up, connections, waiting, lockWaits, oldestLockWait, notifyQueue, dead, live, bytes],
    observe(result, { database }) {
      result.observe(up, Number(database !== undefined))
      result.observe(connections, pool.busy, { state: 'busy' })
      result.observe(connections, pool.idle, { state: 'idle' })
      result.observe(waiting, pool.waiting)
      if (!database) return
      const { contention, tables = [] } = database
      result.observe(lockWaits, contention.lockWaits)
      result.observe(oldestLockWait, contention.oldestLockWaitSeconds)
      result.observe(notifyQueue, contention.notifyQueueRatio)
      for (const { table, ...size } of withoutDays(tables)) {
        result.observe(dead, size.deadTuples, { table })
        result.observe(live, size.liveTuples, { table })
        result.observe(bytes, size.bytes, { table })
      }
    },
    stop,
  }
}

/** pg-boss has a table for each day of its statistics, as `pgboss.queue_stats_20261128`: they count as one, so that no day makes a series. */
function withoutDays(tables: TableSize[]): TableSize[] {
  const sums = new Map<string, TableSize>()
  for (const { table: name, bytes, liveTuples, deadTuples } of tables) {
    const table = name.replace(/_\d{8}$/, '')
    const sum = sums.get(table) ?? { table, bytes: 0, liveTuples: 0, deadTuples: 0 }
    sum.bytes += bytes
    sum.liveTuples += liveTuples
    sum.deadTuples += deadTuples
    sums.set(table, sum)
  }
  return [...sums.values()]
}
