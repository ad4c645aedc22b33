// What a room shows, in the order in which it came: room_messages, and the requests that were asked for there. The songs of a list are
// shown by the list; each is a message of its own from when it is delivered on, and stands where it came then.
import type { Queryable } from './database.ts'

export const ROOM = 'room'
/** Listeners hear the id of each message that was said. */
export const SAID_CHANNEL = 'sound_forge_room'

/** `text` of what was said; `requestId` of a request. */
export type Shown = {
  id: string
  at: Date
  room: string
  personId: string
  personName: string
  text: string | null
  requestId: string | null
}

const SAID = `select 's' || m.id as id, m.created_at as at, m.room, m.person as "personId", p.name as "personName", m.text,
    null::uuid as "requestId"
  from room_messages m join room_people p on p.id = m.person`
/** When a request came into its room as a message. */
const CAME_AT = 'case when parent_id is null then created_at else ended_at end'
const ASKED = `select 'r' || r.number as id, ${CAME_AT} as at, r.channel as room, r.person as "personId", p.name as "personName",
    null::text as text, r.id as "requestId"
  from requests r join room_people p on p.id = r.person`

/** Said once, however often the same `nonce` is given. */
export async function sayInRoom(
  db: Queryable,
  { room, person, nonce, text }: { room: string; person: string; nonce: string; text: string },
): Promise<void> {
  await db.query(
    `with said as (insert into room_messages (room, person, nonce, text) values ($1, $2, $3, $4) on conflict do nothing returning id)
     select pg_notify($5, id::text) from said`,
    [room, person, nonce, text, SAID_CHANNEL],
  )
}

export async function findSaid(db: Queryable, number: string): Promise<Shown | undefined> {
  return (await db.query<Shown>(`${SAID} where m.id = $1`, [number])).rows[0]
}

const MESSAGE_ID = /^([rs])(\d{1,15})$/

/** The newest, or those before the message `beforeId`; the newest first. Nothing before a message that is not there. */
export async function shownInRoom(
  db: Queryable,
  room: string,
  { beforeId, limit }: { beforeId: string | null; limit: number },
): Promise<Shown[]> {
  const [, kind = '', number = null] = MESSAGE_ID.exec(beforeId ?? '') ?? []
  if (beforeId !== null && number === null) return []
  const { rows } = await db.query<Shown>(
    `with start as (select case when $2::text is null then 'infinity'::timestamptz
         when $3 = 's' then (select created_at from room_messages where id = $4::bigint and room = $1)
         else (select ${CAME_AT} from requests where number = $4::bigint and channel = $1 and platform = '${ROOM}') end as at),
       said as (${SAID} where m.room = $1 and m.created_at <= (select at from start) order by m.created_at desc, m.id desc limit $5 + 1),
       asked as (${ASKED} where r.platform = '${ROOM}' and r.channel = $1 and r.parent_id is null
         and r.created_at <= (select at from start) order by r.created_at desc, r.number desc limit $5 + 1),
       of_lists as (${ASKED} where r.platform = '${ROOM}' and r.channel = $1 and r.parent_id is not null and r.state = 'delivered'
         and r.ended_at <= (select at from start) order by r.ended_at desc, r.number desc limit $5 + 1)
     select * from (select * from said union all select * from asked union all select * from of_lists) here
     where $2::text is null or (at, id) < ((select at from start), $2) order by at desc, id desc limit $5`,
    [room, beforeId, kind, number, limit],
  )
  return rows
}

/**
 * The requests on a track that these rooms show, and the lists that have one of them among their songs; of those that may have changed:
 * not all that were ever made for it.
 */
export async function requestsInRooms(db: Queryable, trackId: string, rooms: string[]): Promise<Shown[]> {
  const { rows } = await db.query<Shown>(
    `with changed as (select id, parent_id, state, ended_at from requests where platform = '${ROOM}' and track_id = $1 and channel = any($2)
       and (state in ('working', 'ready') or ended_at > now() - interval '1 minute'
         or number in (select number from requests where track_id = $1 order by number desc limit 20)))
     ${ASKED} where r.id in (select id from changed where parent_id is null or state = 'delivered'
       union select parent_id from changed where state in ('working', 'ready') or ended_at > now() - interval '1 minute')`,
    [trackId, rooms],
  )
  return rows
}

/** Rooms in which something was said or asked for, by name. */
export async function listRooms(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ room: string }>(
    // From one name to the next by the indexes, as there are far more messages than rooms.
    `with recursive rooms as (
       select least((select min(room) from room_messages), (select min(channel) from requests where platform = '${ROOM}')) as room
       union all
       select least((select min(m.room) from room_messages m where m.room > rooms.room),
           (select min(r.channel) from requests r where r.platform = '${ROOM}' and r.channel > rooms.room))
       from rooms where rooms.room is not null)
     select room from rooms where room is not null limit $1`,
    [limit],
  )
  return rows.map(({ room }) => room)
}
