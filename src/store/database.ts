// The connection pool, and transactions that survive a database going away for a while.
import pg from 'pg'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { emit } from '../telemetry/events.ts'
import { createListening, type Listening } from './listening.ts'

export type Queryable = Pick<pg.ClientBase, 'query'>

export type Database = Queryable & {
  url: string
  /** Its connections, and how many wait for one. */
  pool: { readonly busy: number; readonly idle: number; readonly waiting: number }
  /** Runs `work` in a transaction; repeated as a whole, for up to `patienceSeconds`, while the database is away or a deadlock is broken. */
  transaction<T>(work: (tx: Queryable) => Promise<T>, options?: { patienceSeconds?: number }): Promise<T>
  listen: Listening['listen']
  /** A connection of its own, for session locks. The caller ends it. */
  session(): Promise<pg.Client>
  close(): Promise<void>
}

const CONNECT_MS = 5_000
/** How long work that is finished waits for the database to come back before it is given up. */
const PATIENCE_SECONDS = 60
/** PostgreSQL's codes for deadlock, serialization failure, shutting down, crashed, starting up, too many connections. */
const PASSING_CODES = new Set(['40P01', '40001', '57P01', '57P02', '57P03', '53300'])

/** Whether an error says that the database is away or busy, rather than that the statement is wrong. */
export function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (code && (PASSING_CODES.has(code) || code.startsWith('08'))) return true
  if (code && ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code))
    return true
  return /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i.test(
    message ?? '',
  )
}

export function connect(url: string, log: Log): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'sound-forge',
  })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  tellWaits(pool)

  const session = async () => {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      application_name: 'sound-forge',
    })
    client.on('error', () => {}) // its loss is seen through 'end'
    await client.connect()
    return client
  }

  const once = async <T>(work: (tx: Queryable) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken: Error | undefined
    // While it is out of the pool nobody else listens; unheard, the loss of its connection would end the process.
    const onLoss = (error: Error) => {
      broken = error
    }
    client.on('error', onLoss)
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((lost: Error) => {
        broken = lost
      })
      throw error
    } finally {
      client.off('error', onLoss)
      client.release(broken)
    }
  }

  return {
    url,
    pool: {
      get busy() {
        return pool.totalCount - pool.idleCount
      },
      get idle() {
        return pool.idleCount
      },
      get waiting() {
        return pool.waitingCount
      },
    },
    query: pool.query.bind(pool) as Queryable['query'],
    session,
    async transaction(work, { patienceSeconds = PATIENCE_SECONDS } = {}) {
      const deadline = Date.now() + patienceSeconds * 1000
      for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
        try {
          return await once(work)
        } catch (error) {
          if (!isPassing(error) || Date.now() + pauseMs > deadline) throw error
          await new Promise((resolve) => setTimeout(resolve, pauseMs))
        }
      }
    },
    ...createListening(session),
    close: () => pool.end(),
  }
}

/** How long each transaction and each single query waits for a connection. */
function tellWaits(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool)
  type Had = Parameters<Parameters<typeof connect>[0]>
  pool.connect = ((heard?: (...had: Had) => void) => {
    const since = performance.now()
    const tell = () => emit('database:acquire', { waitedMs: performance.now() - since })
    if (!heard) return connect().finally(tell)
    connect((...had) => {
      tell()
      heard(...had)
    })
  }) as typeof pool.connect
}

/**
 * Proves that the database answers.
 * @throws UserError `database_unavailable`; the address's password is not in the message
 */
export async function assertReachable(database: Database): Promise<void> {
  try {
    await database.query('select 1')
  } catch (error) {
    const { host } = new URL(database.url)
    const reason =
      (error as Error).message.replaceAll(database.url, '…') || (error as NodeJS.ErrnoException).code
    throw new UserError(
      'database_unavailable',
      `The database at ${host} cannot be reached (${reason}): check DATABASE_URL.`,
      { cause: error },
    )
  }
}
