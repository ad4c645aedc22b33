// A role that one process at a time holds, over all processes of a database: a session lock. The server itself notices a death
// at once; a holder that is frozen stops pinging and loses the session, and with it the role.
import type pg from 'pg'
import { type Database, isPassing, type Queryable } from './database.ts'

export type Lease = {
  /** Asks the server whether the lease still holds. To be called before what nobody else may do. @throws when it does not */
  prove(): Promise<void>
  release(): Promise<void>
}
export type LeaseOptions = {
  /** A holder that says nothing for this long has lost it. */
  frozenSeconds: number
  signal: AbortSignal
  /** Called when another process has it, before the wait. */
  onWait?: () => void
  /** Called when another has taken it after a loss of the connection: this process has to stop. */
  onLost: () => void
  /** What else has to hold in the session; run after each taking of the lock. */
  onTaken?: (session: pg.Client) => Promise<void>
}

const PING_SECONDS = 2
const PROOF_MS = 1_000

/** Waits until this process holds the lease of `name`, then keeps it until released, over losses of the connection. */
export async function holdLease(db: Database, name: string, options: LeaseOptions): Promise<Lease> {
  const { frozenSeconds, signal, onWait, onLost, onTaken } = options
  const key = 'hashtextextended($1, 0)'
  let session: pg.Client | undefined
  /** Ends when the session has nothing to answer any more: it takes one question at a time. */
  let asked: Promise<unknown> = Promise.resolve()
  let released = false

  const ask = (client: pg.Client) => {
    asked = asked.catch(() => {}).then(() => client.query('select 1'))
    return asked
  }

  const take = async (wait: boolean): Promise<boolean> => {
    const client = await db.session()
    const stop = () => void client.end().catch(() => {})
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      const { rows } = await client.query<{ got: boolean }>(`select pg_try_advisory_lock(${key}) as got`, [
        name,
      ])
      if (!rows[0]?.got) {
        if (!wait) {
          stop()
          return false
        }
        onWait?.()
        await client.query(`select pg_advisory_lock(${key})`, [name])
      }
      await client.query(`set idle_session_timeout = '${frozenSeconds}s'`)
      await onTaken?.(client)
    } catch (error) {
      stop()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
    if (released) stop()
    session = client
    const ping = setInterval(() => void ask(client).catch(() => {}), PING_SECONDS * 1000)
    client.once('end', () => {
      clearInterval(ping)
      if (session === client) session = undefined
      void retake()
    })
    return true
  }
  const retake = async () => {
    for (let pauseMs = 100; !released; pauseMs = Math.min(pauseMs * 2, 2000)) {
      try {
        if (!(await take(false))) onLost()
        return
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
    async prove() {
      const holder = session
      if (!holder) throw new Error(`the lease of ${name} is lost`)
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(
        () => late.reject(new Error(`the lease of ${name} cannot be proved`)),
        PROOF_MS,
      )
      await Promise.race([ask(holder), late.promise]).finally(() => clearTimeout(timer))
    },
    async release() {
      released = true
      await session?.end().catch(() => {})
    },
  }
}

/** From where each of these leases is held, in their order: an address, '' over a socket of this machine's, null where nobody holds it. */
export async function leaseHolders(db: Queryable, names: string[]): Promise<(string | null)[]> {
  const { rows } = await db.query<{ held: boolean; address: string | null }>(
    `select l.pid is not null as held, host(a.client_addr) as address
     from unnest($1::text[]) with ordinality named (name, place)
       left join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 1
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(named.name, 0)
       left join pg_stat_activity a on a.pid = l.pid
     order by named.place`,
    [names],
  )
  return rows.map(({ held, address }) => (held ? (address ?? '') : null))
}
