// What one process does for all of a database as long as it lives: whoever asks first, until it is gone. A session lock, which the server
// takes back then.
import type pg from 'pg'
import type { Database } from './database.ts'

export type Sole = {
  /** Whether it is this process that does it. */
  isOurs(): Promise<boolean>
  release(): Promise<void>
}

export function openSole(db: Database, name: string): Sole {
  let session: pg.Client | undefined
  let released = false
  const end = (client: pg.Client | undefined) => client?.end().catch(() => {})
  return {
    async isOurs() {
      const client = session ?? (await db.session())
      let isOurs = false
      try {
        // Who has it gets it again.
        const query = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as got'
        const { rows } = await client.query<{ got: boolean }>(query, [name])
        isOurs = rows[0]?.got === true && !released
        return isOurs
      } finally {
        session = isOurs ? client : undefined
        if (!isOurs) await end(client)
      }
    },
    async release() {
      released = true
      const had = session
      session = undefined
      await end(had)
    },
  }
}
