// What grows without end is forgotten: what ended longer ago than people look back, and what nothing names any more. In batches, each a
// short transaction that waits for nobody's lock; one process at a time. What is under way, or still has files, stays.
import type { Database, Queryable } from './database.ts'

/** Of what is small; a request takes more along. */
const ROWS = 10_000
const REQUESTS = 1_000

/** How many there were, by what they were; those of which there were none are not in it. */
export type Pruned = Record<string, number>
/** Forgets at most `limit` of what is older than `days`. @returns how many they were */
type Step = (tx: Queryable, days: number, limit: number) => Promise<number>

/** In this order: what one leaves without a name the next ones forget. */
const STEPS: [name: string, step: Step, batch: number][] = [
  ['events', pruneEvents, ROWS],
  ['requests', pruneRequests, REQUESTS],
  ['interactions', pruneInteractions, ROWS],
  ['tracks', pruneTracks, REQUESTS],
  ['separations', pruneSeparations, REQUESTS],
  ['encodings', pruneEncodings, ROWS],
  ['deliveries', pruneDeliveries, ROWS],
  ['roomMessages', pruneRoomMessages, ROWS],
  ['circuits', pruneCircuits, ROWS],
  ['roomCards', closeRoomCards, ROWS],
]

/**
 * @param days how long history stays
 * @param batch of what is pruned in one transaction, where it is not the usual
 */
export async function prune(db: Database, days: number, batch?: number): Promise<Pruned> {
  const pruned: Pruned = {}
  for (const [name, step, usual] of STEPS) {
    const limit = batch ?? usual
    for (let count = limit; count === limit; ) {
      const forgotten = await db.transaction(async (tx) =>
        (await isOurTurn(tx)) ? step(tx, days, limit) : undefined,
      )
      // Another process is at it.
      if (forgotten === undefined) return pruned
      count = forgotten
      if (count > 0) pruned[name] = (pruned[name] ?? 0) + count
    }
  }
  return pruned
}

/** Until the transaction ends. */
async function isOurTurn(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query<{ got: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended('sound-forge pruner', 0)) as got`,
  )
  return rows[0]?.got === true
}

const OLD = 'now() - make_interval(days => $1)'

/** A job that is not done counts its attempts from them. */
async function pruneEvents(tx: Queryable, days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from job_events where id in (
       select id from job_events where at < ${OLD}
         and job_id not in (select job_id from stages where state in ('waiting', 'running', 'retrying'))
       order by at limit $2 for update skip locked)`,
    [days, limit],
  )
  return rowCount ?? 0
}

/** A list goes with its songs, when the last of them has ended for so long. */
const ENDED = `r.parent_id is null and r.state not in ('working', 'ready') and r.ended_at < ${OLD}
  and not exists (select from requests song where song.parent_id = r.id
    and (song.state in ('working', 'ready') or song.ended_at >= ${OLD}))`

/** With their messages, by the foreign keys. What was encoded for one of them and is used for others yet stays, with its stage. */
async function pruneRequests(tx: Queryable, days: number, limit: number): Promise<number> {
  const locked = await idsOf(
    tx,
    `select r.id from requests r where ${ENDED} order by r.ended_at limit $2 for update skip locked`,
    [days, limit],
  )
  // Once more, as somebody may have had one of them tried again just before it was locked.
  const ids = await idsOf(tx, `select r.id from requests r where r.id = any($2) and ${ENDED}`, [days, locked])
  await tx.query(
    `delete from stages s using requests r
     where (r.id = any($1) or r.parent_id = any($1)) and s.owner = r.id and not (${HAS_FILES} and exists (
       select from encodings e where e.separation_id = r.separation_id and e.file like s.folder || '/%'))`,
    [ids],
  )
  await tx.query('delete from requests where id = any($1)', [ids])
  return locked.length
}

const HAS_FILES = 's.folder is not null and s.files_expired_at is null'

async function pruneInteractions(tx: Queryable, days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from interactions where id in (
       select i.id from interactions i where i.created_at < ${OLD} and not exists (select from requests r where r.interaction_id = i.id)
       order by i.created_at limit $2 for update skip locked)`,
    [days, limit],
  )
  return rowCount ?? 0
}

/** A stage that keeps what it belongs to. */
const STAYS = `s.state in ('waiting', 'running', 'retrying') or (${HAS_FILES}) or greatest(s.sent_at, s.finished_at) >= ${OLD}`
const UNNAMED_TRACK = `t.created_at < ${OLD} and not exists (select from requests r where r.track_id = t.id)
  and not exists (select from stages s where s.track_id = t.id and (${STAYS}))`

/** With their names, separations and stages, by the foreign keys. */
async function pruneTracks(tx: Queryable, days: number, limit: number): Promise<number> {
  const locked = await idsOf(
    tx,
    `select t.id from tracks t where ${UNNAMED_TRACK} limit $2 for update skip locked`,
    [days, limit],
  )
  // Whoever asks for one holds its lock: once more, as somebody may have done so just before.
  await tx.query(`delete from tracks t where t.id = any($2) and ${UNNAMED_TRACK}`, [days, locked])
  return locked.length
}

const UNNAMED_SEPARATION = `p.created_at < ${OLD} and not exists (select from requests r where r.separation_id = p.id)
  and not exists (select from stages s where s.owner = p.id and (${STAYS}))`

async function pruneSeparations(tx: Queryable, days: number, limit: number): Promise<number> {
  const locked = await idsOf(
    tx,
    `select p.id from separations p join tracks t on t.id = p.track_id where ${UNNAMED_SEPARATION} limit $2
     for update of t skip locked`,
    [days, limit],
  )
  await tx.query(
    `with gone as (delete from separations p where p.id = any($2) and ${UNNAMED_SEPARATION} returning id)
     delete from stages where owner in (select id from gone)`,
    [days, locked],
  )
  return locked.length
}

/** Their files have expired. */
async function pruneEncodings(tx: Queryable, _days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from encodings where ctid in (
       select e.ctid from encodings e
       where not exists (select from stages s where s.folder = substring(e.file from '^[^/]+/[^/]+/[^/]+') and ${HAS_FILES})
       limit $1 for update skip locked)`,
    [limit],
  )
  return rowCount ?? 0
}

/** Those that outlived their requests for the sake of what was encoded there. */
async function pruneDeliveries(tx: Queryable, _days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from stages where (owner, stage) in (
       select s.owner, s.stage from stages s
       where s.stage = 'delivery' and not (${HAS_FILES}) and not exists (select from requests r where r.id = s.owner)
       limit $1 for update skip locked)`,
    [limit],
  )
  return rowCount ?? 0
}

async function pruneRoomMessages(tx: Queryable, days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from room_messages where id in (
       select id from room_messages where created_at < ${OLD} order by created_at limit $2 for update skip locked)`,
    [days, limit],
  )
  return rowCount ?? 0
}

async function pruneCircuits(tx: Queryable, _days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    'delete from circuits where service in (select service from circuits where open_until < now() limit $1)',
    [limit],
  )
  return rowCount ?? 0
}

/** The room has no courier to close the messages of what has ended. A request that goes on opens its own again. */
async function closeRoomCards(tx: Queryable, _days: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `update messages set state = 'closed' where request_id in (
       select m.request_id from messages m join requests r on r.id = m.request_id
       where m.platform = 'room' and m.state <> 'closed' and r.state not in ('working', 'ready')
       limit $1 for update of m skip locked)`,
    [limit],
  )
  return rowCount ?? 0
}

async function idsOf(tx: Queryable, sql: string, values: unknown[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(sql, values)).rows.map(({ id }) => id)
}
