// All processes of a database have to keep songs in one place, or they miss each other's. Each says where it does by the name of a session
// of its own, which the server shows to the others, and which goes when the process does; of a machine that vanished, when it says nothing
// for a while.
import type pg from 'pg'
import { UserError } from '../errors.ts'
import type { Database } from './database.ts'

const SAYS = 'sound-forge files '
/** PostgreSQL cuts a longer one. */
const LONGEST_NAME = 63
const AGAIN_MS = 2_000
const PING_MS = 5_000
const VANISHED_SECONDS = 10

/**
 * Says it until it is released, over losses of the connection.
 * @param store what it is called; what people know a bucket by comes last
 * @throws UserError `files_unavailable` where others say something else: that may pass, as they may be about to end
 */
export async function holdFileStore(db: Database, store: string): Promise<{ release(): Promise<void> }> {
  const name = `${SAYS}${store}`.slice(0, LONGEST_NAME)
  let session: pg.Client | undefined
  let released = false
  const open = async () => {
    const client = await db.session()
    await client.query("select set_config('application_name', $1, false)", [name])
    await client.query(`set idle_session_timeout = '${VANISHED_SECONDS}s'`)
    session = client
    const ping = setInterval(() => void client.query('select 1').catch(() => {}), PING_MS)
    client.once('end', () => {
      clearInterval(ping)
      reopen()
    })
    if (released) await client.end()
  }
  const reopen = () => {
    if (!released) setTimeout(() => void open().catch(reopen), AGAIN_MS).unref()
  }
  const release = async () => {
    released = true
    await session?.end().catch(() => {})
  }
  // First, so that of two that start at once at least one sees the other.
  await open()
  const { rows } = await db.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where datname = current_database() and starts_with(application_name, $1) and application_name <> $2`,
    [SAYS, name],
  )
  if (!rows[0]) return { release }
  await release()
  const [theirs] = /s3:.*/.exec(rows[0].name) ?? []
  throw new UserError(
    'files_unavailable',
    `Other processes of this database keep songs ${theirs ? `in ${theirs}` : 'on a disk that is not the one here'}: set FILES to the same bucket everywhere, or end those first.`,
  )
}
