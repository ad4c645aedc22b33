// interactions and requests: a command somebody gave, and what they asked with it.
import type { Match } from '../domain/recording.ts'
import type { OpenRequest } from '../domain/separation.ts'
import type { Source } from '../domain/source.ts'
import type { Queryable } from './database.ts'
import { lockTrack } from './tracks.ts'

export type RequestState = 'working' | 'ready' | 'delivered' | 'failed' | 'cancelled'
export type Interaction = {
  platform: string
  app: string
  externalId: string
  person: string
  /** A Discord server or Slack workspace; '' where there is none. */
  workspace: string
  channel: string
}
/** `model` is as asked for (`auto` included); `stems` empty means all the model makes. */
export type Asked = { model: string; stems: string[]; format: 'mp3' | 'flac' | 'wav' }
/** Requests of one workspace are one another's; where there is none, those of one channel. */
type Place = Pick<Interaction, 'platform' | 'workspace' | 'channel'>
export type Request = Asked & {
  id: string
  number: number
  platform: string
  person: string
  trackId: string
  separationId: string | null
  /** The list that it is a song of. */
  parentId: string | null
  match: Match | null
  /** What it was asked for by. */
  named: Source | null
  state: RequestState
  errorCode: string | null
  errorMessage: string | null
  /** The span of the command that set it going. */
  traceparent: string | null
}

const COLUMNS = `id, number::int, platform, person, track_id as "trackId", separation_id as "separationId", parent_id as "parentId", match, named, model, stems, format, state,
  error_code as "errorCode", error_message as "errorMessage", traceparent`

/** Saves the interaction, once however often a platform sends it. */
export async function saveInteraction(
  tx: Queryable,
  of: Interaction,
): Promise<{ id: string; isNew: boolean }> {
  const { rows } = await tx.query<{ id: string; isNew: boolean }>(
    `insert into interactions (platform, app, external_id, person, workspace, channel) values ($1, $2, $3, $4, $5, $6)
     on conflict (platform, app, external_id) do update set external_id = excluded.external_id
     returning id, xmax = 0 as "isNew"`,
    [of.platform, of.app, of.externalId, of.person, of.workspace, of.channel],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
  return rows[0]
}

/** Saves an interaction that makes no request. @returns false when it was saved before: somebody else carries it out */
export async function claimInteraction(db: Queryable, of: Interaction): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into interactions (platform, app, external_id, person, workspace, channel) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [of.platform, of.app, of.externalId, of.person, of.workspace, of.channel],
  )
  return rowCount === 1
}

/** What it was saved for did not come about: it may be tried again. */
export async function releaseInteraction(db: Queryable, of: Interaction): Promise<void> {
  await db.query('delete from interactions where platform = $1 and app = $2 and external_id = $3', [
    of.platform,
    of.app,
    of.externalId,
  ])
}

/** What this very interaction has made already, as when a platform sends it twice. */
export async function requestOfInteraction(
  db: Queryable,
  interactionId: string,
): Promise<Request | undefined> {
  const { rows } = await db.query<Request>(
    `select ${COLUMNS} from requests where interaction_id = $1 and parent_id is null`,
    [interactionId],
  )
  return rows[0]
}

/** What a request is about: `match` is null where the recording was named by whoever asked. */
type About = { trackId: string; separationId: string | null; match: Match | null; named: Source }

export async function insertRequest(
  tx: Queryable,
  interactionId: string,
  of: Interaction,
  asked: Asked,
  about: About & { traceparent: string | null },
): Promise<Request> {
  const { rows } = await tx.query<Request>(
    `insert into requests (interaction_id, platform, person, workspace, channel, track_id, separation_id, match, named, model, stems, format,
       traceparent)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning ${COLUMNS}`,
    [
      interactionId,
      of.platform,
      of.person,
      of.workspace,
      of.channel,
      about.trackId,
      about.separationId,
      about.match,
      about.named,
      asked.model,
      asked.stems,
      asked.format,
      about.traceparent,
    ],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
  return rows[0]
}

/** A song of a list: asked for by the same person, in the same place, with the same wish. @returns its id */
export async function insertSong(
  tx: Queryable,
  parentId: string,
  about: About & { place: number },
): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into requests (interaction_id, platform, person, workspace, channel, track_id, separation_id, match, named, model, stems, format,
       traceparent, parent_id, place_in_list)
     select interaction_id, platform, person, workspace, channel, $2, $3, $4, $5, model, stems, format, traceparent, id, $6
     from requests where id = $1
     returning id`,
    [parentId, about.trackId, about.separationId, about.match, about.named, about.place],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
  return rows[0].id
}

/** What is told of a list beside the songs that have a request. `total`: how many are in it; `taken`: how many were looked at. */
export type Listed = {
  total: number
  taken: number
  unavailable: { place: number; title: string; artist: string | null; why: string }[]
}

export async function saveListed(tx: Queryable, id: string, listed: Listed): Promise<void> {
  await tx.query('update requests set listed = $2 where id = $1', [id, listed])
}

/** The songs of a list, in its order. */
export async function songsOf(db: Queryable, parentId: string): Promise<Request[]> {
  const { rows } = await db.query<Request>(
    `select ${COLUMNS} from requests where parent_id = $1 order by place_in_list`,
    [parentId],
  )
  return rows
}

/** The newest request of the same person, channel and wish, for the same track or by the same name, that is younger than `withinSeconds`, or still open when `openOfAnyAge`. */
export async function findSameRequest(
  tx: Queryable,
  of: Interaction,
  asked: Asked,
  song: { trackId: string; key: string },
  wish: { separate: boolean; withinSeconds: number; openOfAnyAge: boolean },
): Promise<Request | undefined> {
  const { rows } = await tx.query<Request>(
    `select ${COLUMNS} from requests
     where platform = $1 and person = $2 and channel = $3 and (track_id = $4 or named ->> 'key' = $11) and model = $5 and stems = $6 and format = $7
       and parent_id is null and (separation_id is not null) = $8 and state not in ('failed', 'cancelled')
       and (created_at > now() - make_interval(secs => $9) or ($10 and state in ('working', 'ready')))
     order by created_at desc limit 1`,
    [
      of.platform,
      of.person,
      of.channel,
      song.trackId,
      asked.model,
      asked.stems,
      asked.format,
      wish.separate,
      wish.withinSeconds,
      wish.openOfAnyAge,
      song.key,
    ],
  )
  return rows[0]
}

export async function findRequest(db: Queryable, id: string): Promise<Request | undefined> {
  return (await db.query<Request>(`select ${COLUMNS} from requests where id = $1`, [id])).rows[0]
}

/** The request, with its track locked until the transaction ends, wherever it has gone on to. */
export async function lockRequest(tx: Queryable, id: string): Promise<Request | undefined> {
  for (;;) {
    const found = await findRequest(tx, id)
    if (!found) return undefined
    await lockTrack(tx, found.trackId)
    const locked = await findRequest(tx, id)
    if (locked?.trackId === found.trackId) return locked
  }
}

/** It goes on with another track. @param match what was taken for it; undefined leaves what there is */
export async function moveToTrack(
  tx: Queryable,
  id: string,
  to: { trackId: string; separationId: string | null; match: Match | undefined },
): Promise<void> {
  await tx.query(
    'update requests set track_id = $2, separation_id = $3, match = coalesce($4, match) where id = $1',
    [id, to.trackId, to.separationId, to.match ?? null],
  )
}

/** How many of a person's requests have not ended; a list counts as one. */
export async function countOpenRequests(
  tx: Queryable,
  of: Pick<Interaction, 'platform' | 'person'>,
): Promise<number> {
  const { rows } = await tx.query<{ n: number }>(
    `select count(*)::int as n from requests where platform = $1 and person = $2 and parent_id is null and state in ('working', 'ready')`,
    [of.platform, of.person],
  )
  return rows[0]?.n ?? 0
}

export async function workingRequests(tx: Queryable, trackId: string): Promise<OpenRequest[]> {
  const { rows } = await tx.query<OpenRequest>(
    `select r.id, r.platform, r.separation_id as "separationId", r.place_in_list as place,
       r.parent_id is not null as "isSong", extract(epoch from now() - r.created_at)::float8 as "ageSeconds",
       (select jsonb_build_object('open', count(*) filter (where s.state in ('working', 'ready')),
            'delivered', count(*) filter (where s.state = 'delivered'))
          from requests s where s.parent_id = r.id having count(*) > 0) as songs
     from requests r where r.track_id = $1 and r.state = 'working' order by r.number`,
    [trackId],
  )
  return rows
}

export type WaitingRequest = { id: string; number: number; traceparent: string | null }

/** The requests that wait for a job of this owner, oldest first. */
export async function requestsWaitingFor(
  db: Queryable,
  { trackId, owner }: { trackId: string; owner: string },
): Promise<WaitingRequest[]> {
  const { rows } = await db.query<WaitingRequest>(
    `select id, number::int, traceparent from requests
     where track_id = $1 and state = 'working' and $2 in (track_id, separation_id, id) order by number`,
    [trackId, owner],
  )
  return rows
}

/** In their order, from the one after `after` on. */
export async function tracksWithWork(db: Queryable, after: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (select track_id as id from requests where state = 'working'
       union select track_id from stages where state in ('waiting', 'running', 'retrying')) under_way
     where id > $1 order by id limit $2`,
    [after, limit],
  )
  return rows.map((row) => row.id)
}

/** The request goes on with another separation, as when its model was still open. */
export async function setSeparation(tx: Queryable, id: string, separationId: string): Promise<void> {
  await tx.query('update requests set separation_id = $2 where id = $1', [id, separationId])
}

export async function setTraceparent(tx: Queryable, id: string, traceparent: string): Promise<void> {
  await tx.query('update requests set traceparent = $2 where id = $1', [id, traceparent])
}

/** A request as lists show it. */
export type ListedRequest = Pick<Request, 'id' | 'number' | 'person' | 'state' | 'errorMessage'> & {
  channel: string
  title: string
  artist: string | null
  askedAt: Date
  endedAt: Date | null
}

/**
 * The requests of a place, newest first, with `channelFirst` those of the channel before the others; narrowed by what is given. Songs of
 * a list only by their number.
 */
export async function requestsHere(
  db: Queryable,
  { platform, workspace, channel }: Place,
  {
    person,
    states,
    number,
    channelFirst = false,
  }: { person?: string; states?: readonly RequestState[]; number?: number; channelFirst?: boolean },
  limit: number,
): Promise<ListedRequest[]> {
  const { rows } = await db.query<ListedRequest>(
    `select r.id, r.number::int, r.person, r.channel, r.state, r.error_message as "errorMessage", t.title, t.artist,
       r.created_at as "askedAt", r.ended_at as "endedAt"
     from requests r join tracks t on t.id = r.track_id
     where r.platform = $1 and r.workspace = $2 and (r.workspace <> '' or r.channel = $3)
       and ($6::bigint is not null or r.parent_id is null) and ($4::text is null or r.person = $4) and ($5::text[] is null or r.state = any($5)) and ($6::bigint is null or r.number = $6)
     order by $8 and r.channel = $3 desc, r.created_at desc, r.number desc limit $7`,
    [platform, workspace, channel, person ?? null, states ?? null, number ?? null, limit, channelFirst],
  )
  return rows
}

/** People wait for suggestions with every letter: older requests are not looked at. */
const NEWEST_ASKED = 2_000

/**
 * The songs of a place that can be asked for again in words, newest first: where `text` occurs in `Artist - Title` or in the words
 * themselves, which may have `longest` characters.
 */
export async function songsAskedHere(
  db: Queryable,
  { platform, workspace, channel }: Place,
  text: string,
  { longest, limit }: { longest: number; limit: number },
): Promise<{ title: string; artist: string | null; source: Source; words: string }[]> {
  const { rows } = await db.query<{ title: string; artist: string | null; source: Source; words: string }>(
    // By what people here have named them: what others call the same recording may be secret.
    `select t.title, t.artist, asked.named as source, words.words
     from (select distinct on (track_id) track_id, named, created_at as asked_at
           from (select track_id, named, created_at from requests
                 where platform = $1 and workspace = $2 and (workspace <> '' or channel = $3) and parent_id is null
                 order by created_at desc limit $7) newest
           order by track_id, created_at desc) asked
       join tracks t on t.id = asked.track_id
       cross join lateral (select case asked.named ->> 'kind' when 'spotify' then 'spotify:track:' || (asked.named ->> 'trackId')
         when 'search' then asked.named ->> 'text' when 'url' then asked.named ->> 'url' when 'site' then asked.named ->> 'url'
         when 'list' then asked.named ->> 'url' end as words) words
     where length(words.words) <= $5
       and strpos(lower(concat_ws(' - ', t.artist, t.title) || ' ' || words.words), lower($4)) > 0
     order by asked.asked_at desc limit $6`,
    [platform, workspace, channel, text, longest, limit, NEWEST_ASKED],
  )
  return rows
}

/** Moves a request on; false when it was not in one of the states it may come from. */
export async function moveRequest(
  tx: Queryable,
  id: string,
  from: RequestState[],
  to: RequestState,
  error?: { code: string; message: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update requests set state = $3, error_code = $4, error_message = $5,
       ended_at = case when $3 in ('delivered', 'failed', 'cancelled') then clock_timestamp() end
     where id = $1 and state = any($2)`,
    [id, from, to, error?.code ?? null, error?.message ?? null],
  )
  return rowCount === 1
}
