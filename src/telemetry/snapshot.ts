// How things stand in the moment that somebody asks. Nothing that is away keeps the rest from being told.
import { statfs } from 'node:fs/promises'
import type { Log } from '../log.ts'
import { QUEUES, type QueueName } from '../queue/queues.ts'
import { openCircuits } from '../store/circuits.ts'
import { type Contention, contention } from '../store/contention.ts'
import { type Database, isPassing, type Queryable } from '../store/database.ts'
import { countLiveWorkers } from '../store/live-workers.ts'
import { type QueueDepth, queueDepths } from '../store/queue-depths.ts'
import { countRequests } from '../store/request-counts.ts'
import type { RequestState } from '../store/requests.ts'
import { type TableSize, tableSizes } from '../store/table-sizes.ts'
import { readDownloader } from '../tools/downloader.ts'

/** Without what waits for somebody's lock, as that of a migration. */
export type DatabaseSnapshot = {
  contention: Contention
  queues?: QueueDepth[]
  requests?: Record<RequestState, number>
  workers?: number
  openCircuits?: string[]
  tables?: TableSize[]
}
export type Snapshot = {
  /** Undefined while the database does not answer in time. */
  database: DatabaseSnapshot | undefined
  /** Undefined where files lie elsewhere than on a disk. */
  freeBytes: number | undefined
  /** Undefined where there is no yt-dlp. */
  downloaderAgeDays: number | undefined
}
export type SnapshotDeps = {
  db: Database
  /** The folder of files, where they lie on this machine's disk. */
  filesFolder: string | undefined
  log: Log
}

/** Whoever asks is answered by then: Prometheus itself waits for ten seconds. */
const WAIT_MS = 4_000
const LOCK_MS = 500
/** What takes longer would be of no use, and be a burden. */
const STATEMENT_MS = 3_000
/** PostgreSQL's codes for a lock that was not had, and a statement that took too long. */
const NOT_IN_TIME = ['55P03', '57014']

export function createSnapshots({ db, filesFolder, log }: SnapshotDeps): () => Promise<Snapshot> {
  let reading: { known: Partial<DatabaseSnapshot>; ended: Promise<void> } | undefined
  // What takes too long for one who asks may serve the next, and is not begun twice.
  const read = () => {
    const known: Partial<DatabaseSnapshot> = {}
    const ended = readDatabase(db, known)
      .catch((error: unknown) => {
        if (!isPassing(error)) log.warn({ err: error }, 'the database could not be measured')
      })
      .finally(() => {
        reading = undefined
      })
    return { known, ended }
  }
  return async () => {
    reading ??= read()
    const { known, ended } = reading
    const [freeBytes, downloader] = await Promise.all([
      filesFolder === undefined ? undefined : inTime(freeBytesOf(filesFolder)),
      inTime(readDownloader()),
      inTime(ended),
    ])
    const { contention: answered, ...more } = known
    const database = answered && { contention: answered, ...more }
    return { database, freeBytes, downloaderAgeDays: downloader?.ageDays }
  }
}

/** In a session of its own, so that it is seen also when every connection of the pool is taken. */
async function readDatabase(db: Database, known: Partial<DatabaseSnapshot>): Promise<void> {
  const session = await db.session()
  const late = setTimeout(() => void session.end().catch(() => {}), WAIT_MS)
  const part = async <Name extends keyof DatabaseSnapshot>(
    name: Name,
    read: (session: Queryable) => Promise<DatabaseSnapshot[Name]>,
  ) => {
    try {
      known[name] = await read(session)
    } catch (error) {
      if (!NOT_IN_TIME.includes((error as { code?: string }).code ?? '')) throw error
    }
  }
  try {
    await session.query(`set statement_timeout = ${STATEMENT_MS}; set lock_timeout = ${LOCK_MS}`)
    // First, as nobody's lock holds it up.
    await part('contention', contention)
    await part('queues', (from) => queueDepths(from, Object.keys(QUEUES) as QueueName[]))
    await part('requests', countRequests)
    await part('workers', countLiveWorkers)
    await part('openCircuits', openCircuits)
    await part('tables', tableSizes)
  } finally {
    clearTimeout(late)
    await session.end().catch(() => {})
  }
}

async function freeBytesOf(folder: string): Promise<number | undefined> {
  const disk = await statfs(folder).catch(() => undefined)
  return disk && disk.bavail * disk.bsize
}

async function inTime<T>(reading: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), WAIT_MS)
  })
  return Promise.race([reading, late]).finally(() => clearTimeout(timer))
}
