// PostgreSQL without a set-up, used when DATABASE_URL is not set: a real server, started by the first process that
// needs it, shared by all that come, stopped by the last that goes.
//
// Every user holds a shared advisory lock in the database `postgres`. Who leaves gives it back and tries to take it
// exclusively: that succeeds for the last one only, who then stops the server. A newcomer who meets that exclusive
// lock waits until the server has gone and starts it again. After kill -9 the server stays, and is adopted.
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { UserError } from '../errors.ts'
import { findBinaries } from './embedded-binaries.ts'
import { mayEnter, OPEN_FOLDER, placeData, serverAccount } from './embedded-place.ts'
import {
  type Connection,
  connect,
  initialise,
  isInitialised,
  lastLogLine,
  requireSameMajor,
  type Server,
  start,
  stop,
} from './embedded-server.ts'

export type Embedded = { url: string; close(): Promise<void> }

const USERS_LOCK = 7_301_947_262
const DATABASE = 'alchemy'
const RECOVERY_SECONDS = 300 // after a crash a server reads its log before it answers
const START_ATTEMPTS = 20
const FAILED_START_MS = 400
const POLL_MS = 40
const REJOIN_MS = 500

async function prepare(dataDir: string, onLine: (line: string) => void): Promise<Server> {
  const account = serverAccount(dataDir)
  const binaries = findBinaries((folder) => mayEnter(account, folder), OPEN_FOLDER)
  const stopLeftOver = async (data: string) => {
    const found = await connect({ data, binaries, account }, 'postgres')
    if (found === undefined || found === 'starting') return
    await stop({ data, binaries, account })
  }
  const data = await placeData(dataDir, account, stopLeftOver, onLine)
  return { data, binaries, account }
}

/** Becomes a user of the running server; false while its last user stops it. */
async function enter(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ entered: boolean; made: boolean }>(
    `select pg_try_advisory_lock_shared($1) as entered, exists(select from pg_database where datname = $2) as made`,
    [USERS_LOCK, DATABASE],
  )
  if (!rows[0]?.entered) return false
  if (!rows[0].made) {
    await client.query(`create database ${DATABASE}`).catch((error: { code?: string }) => {
      if (error.code !== '42P04' && error.code !== '23505') throw error // else another user has just made it
    })
  }
  return true
}

/** Finds the server running or starts it, and becomes its user. */
async function join(
  server: Server,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<Connection> {
  const deadline = Date.now() + RECOVERY_SECONDS * 1000
  let failedStarts = 0
  while (Date.now() < deadline && failedStarts < START_ATTEMPTS && !signal?.aborted) {
    const found = await connect(server, 'postgres')
    if (found === undefined) {
      if (!isInitialised(server.data)) {
        onLine('Making a new database.')
        await initialise(server)
      }
      requireSameMajor(server)
      if (await start(server)) continue
      failedStarts += 1 // another process was faster, or a killed server's remains are still in memory
      await sleep(FAILED_START_MS)
    } else if (found === 'starting') {
      await sleep(POLL_MS)
    } else {
      if (await enter(found.client).catch(() => false)) return found
      await found.client.end().catch(() => {})
      await sleep(POLL_MS)
    }
  }
  throw new UserError(
    'database_refused',
    `PostgreSQL did not start (${lastLogLine(server.data)}): mend that, or set DATABASE_URL to use another one.`,
  )
}

/** Leaves the server, and stops it when nobody else uses it. */
async function leave(server: Server, client: pg.Client): Promise<void> {
  try {
    await client.query('select pg_advisory_unlock_shared($1)', [USERS_LOCK])
    const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [
      USERS_LOCK,
    ])
    if (rows[0]?.last) await stop(server)
  } catch {
    // the server has gone already
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Opens the embedded database, which this process then uses until `close`.
 * @param options `dataDir`: the folder of its data; `onLine`: told what takes long
 * @throws UserError `database_refused` when PostgreSQL cannot run here
 */
export async function openEmbedded(options: {
  dataDir: string
  onLine?: (line: string) => void
}): Promise<Embedded> {
  const { dataDir, onLine = () => {} } = options
  const server = await prepare(resolve(dataDir), onLine)
  const closing = new AbortController()
  let connection = await join(server, onLine)
  let rejoining = Promise.resolve()

  const rejoin = async () => {
    while (!closing.signal.aborted) {
      await sleep(REJOIN_MS) // a server that crashed comes back by itself
      if (closing.signal.aborted) return
      const joined = await join(server, () => {}, closing.signal).catch(() => undefined)
      if (joined === undefined) continue
      connection = joined
      watch()
      return
    }
  }
  const watch = () =>
    connection.client.once('end', () => {
      if (!closing.signal.aborted) rejoining = rejoin()
    })
  watch()

  return {
    url: `${connection.url}/${DATABASE}?sslmode=disable`,
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await rejoining
      await leave(server, connection.client)
    },
  }
}
