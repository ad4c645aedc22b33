// What the database had to do in a while: transactions, processor time, and waits for each other.
import { readFileSync } from 'node:fs'
import { contention } from '../src/store/contention.ts'
import type { Database } from '../src/store/database.ts'
import { processorSeconds } from './process-tree.ts'

const LOOK_MS = 200

export type Load = {
  transactionsPerSecond: number
  /** Of one core. */
  processorShare: number
  /** Sessions that waited for a lock, on average. */
  lockWaits: number
  /** The rows that were read table by table, the most first. */
  scanned: [table: string, rowsPerSecond: number][]
}

/** @returns ends it, and tells */
export async function watchLoad(db: Database): Promise<() => Promise<Load>> {
  const postmaster = await postmasterOf(db)
  const look = async () => ({
    atMs: performance.now(),
    transactions: await transactionsOf(db),
    scanned: await scannedRows(db),
    processorSeconds: processorSeconds(postmaster),
  })
  const waits: number[] = []
  const timer = setInterval(() => {
    contention(db).then(
      ({ lockWaits }) => waits.push(lockWaits),
      () => {},
    )
  }, LOOK_MS).unref()
  const before = await look()
  return async () => {
    clearInterval(timer)
    const after = await look()
    const seconds = (after.atMs - before.atMs) / 1000
    const scanned = [...after.scanned].map(([table, rows]): [string, number] => [
      table,
      (rows - (before.scanned.get(table) ?? 0)) / seconds,
    ])
    return {
      transactionsPerSecond: (after.transactions - before.transactions) / seconds,
      processorShare: (after.processorSeconds - before.processorSeconds) / seconds,
      lockWaits: waits.reduce((sum, one) => sum + one, 0) / Math.max(1, waits.length),
      scanned: scanned.filter(([, rows]) => rows > 0).sort(([, a], [, b]) => b - a),
    }
  }
}

async function transactionsOf(db: Database): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.n ?? 0
}

async function scannedRows(db: Database): Promise<Map<string, number>> {
  const { rows } = await db.query<{ table: string; rows: number }>(
    'select relname as "table", seq_tup_read::float8 as rows from pg_stat_user_tables',
  )
  return new Map(rows.map(({ table, rows: read }) => [table, read]))
}

/** The parent of every session's process; 0 where the system does not tell (Linux does). */
async function postmasterOf(db: Database): Promise<number> {
  const { rows } = await db.query<{ pid: number }>('select pg_backend_pid() as pid')
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${rows[0]?.pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}
