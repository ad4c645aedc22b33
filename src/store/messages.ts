// messages: where each request is shown on a chat platform, and what it shows there.
import type { Budget } from '../domain/pace.ts'
import type { Queryable } from './database.ts'
import type { RequestState } from './requests.ts'

/** What is known of a message before the platform has made it. */
export type NewMessage = {
  /** The interaction that it answers, with the secret by which the person may be answered for a while. */
  interactionId: string | null
  token: string | null
  tokenExpiresAt: Date | null
  maxFileBytes: number | null
  /** By whose installation of the app it is reached; null where the app has one for all. */
  installation: string | null
  /** How the person who asked is called, where it takes no mention to say so. */
  personName: string | null
  /** Whether somebody makes it just now, as a gateway does that answers by it: it is waited for, and looked for. */
  isBegun: boolean
}

/** A gateway that answers by the message itself has done so by then. */
const GATEWAY_SECONDS = 5

export type MessageState = 'open' | 'muted' | 'deleted' | 'closed'
export type Message = NewMessage & {
  requestId: string
  number: number
  trackId: string
  requestState: RequestState
  platform: string
  app: string
  workspace: string
  channel: string
  person: string
  messageId: string | null
  state: MessageState
  postAfter: Date
  /** Until then, by the database's clock; 0 when it is past. */
  postInMs: number
  /** When somebody last began to make it; null where it cannot be there. */
  postBegunAt: Date | null
  /** How long ago that was. */
  postBegunForMs: number | null
  plain: boolean
  shown: string | null
  editedAt: Date | null
  createdAt: Date
}

const SELECT = `select m.request_id as "requestId", r.number::int, r.track_id as "trackId", r.state as "requestState", m.platform, m.app,
    r.workspace, m.channel, r.person, m.message_id as "messageId", m.interaction_id as "interactionId", m.token,
    m.token_expires_at as "tokenExpiresAt", m.max_file_bytes::float8 as "maxFileBytes", m.installation,
    m.person_name as "personName", m.state, m.post_after as "postAfter", m.post_begun_at as "postBegunAt",
    (extract(epoch from clock_timestamp() - m.post_begun_at) * 1000)::float8 as "postBegunForMs",
    greatest(0, extract(epoch from m.post_after - clock_timestamp()) * 1000)::float8 as "postInMs", m.plain, m.shown,
    m.edited_at as "editedAt", m.created_at as "createdAt"
  from messages m join requests r on r.id = m.request_id`

export async function insertMessage(
  tx: Queryable,
  requestId: string,
  { platform, app, channel }: { platform: string; app: string; channel: string },
  message: NewMessage,
): Promise<void> {
  await tx.query(
    `insert into messages (request_id, platform, app, channel, interaction_id, token, token_expires_at, max_file_bytes, installation,
       person_name, post_begun_at, post_after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $11 then now() end, now() + make_interval(secs => $12))`,
    [
      requestId,
      platform,
      app,
      channel,
      message.interactionId,
      message.token,
      message.tokenExpiresAt,
      message.maxFileBytes,
      message.installation,
      message.personName,
      message.isBegun,
      message.isBegun ? GATEWAY_SECONDS : 0,
    ],
  )
}

/** A message for a song of a list, where that of the list is. */
export async function insertSongMessage(db: Queryable, requestId: string, parentId: string): Promise<void> {
  await db.query(
    `insert into messages (request_id, platform, app, channel, max_file_bytes, installation, person_name, post_begun_at, post_after)
     select $1, platform, app, channel, max_file_bytes, installation, person_name, null, now() from messages where request_id = $2
     on conflict do nothing`,
    [requestId, parentId],
  )
}

export async function findMessage(db: Queryable, requestId: string): Promise<Message | undefined> {
  return (await db.query<Message>(`${SELECT} where m.request_id = $1`, [requestId])).rows[0]
}

/** Where the messages of these requests are, of those that are there. */
export async function messagesOfNumbers(
  db: Queryable,
  platform: string,
  app: string,
  numbers: number[],
): Promise<{ number: number; workspace: string; channel: string; messageId: string }[]> {
  const { rows } = await db.query<{ number: number; workspace: string; channel: string; messageId: string }>(
    `select r.number::int, r.workspace, m.channel, m.message_id as "messageId" from messages m join requests r on r.id = m.request_id
     where m.platform = $1 and m.app = $2 and r.number = any($3) and m.message_id is not null and m.state <> 'deleted'`,
    [platform, app, numbers],
  )
  return rows
}

/** It is about to be posted: from now on it may be there, whatever becomes of us. */
export async function postBegins(db: Queryable, requestId: string): Promise<void> {
  await db.query('update messages set post_begun_at = clock_timestamp() where request_id = $1', [requestId])
}

/** The platform has said no: it is not there. */
export async function postIsRefused(db: Queryable, requestId: string): Promise<void> {
  await db.query('update messages set post_begun_at = null where request_id = $1 and message_id is null', [
    requestId,
  ])
}

/** The messages that the courier of an application has to look after: of some tracks, or all. */
export async function messagesToShow(
  db: Queryable,
  platform: string,
  app: string,
  trackIds: string[] | 'all',
): Promise<Message[]> {
  const { rows } = await db.query<Message>(
    `${SELECT} where m.platform = $1 and m.app = $2
       and (m.state = 'open' or (m.state = 'muted' and r.state not in ('working', 'ready')))
       and ($3::uuid[] is null or r.track_id = any($3)
         or exists (select 1 from requests song where song.parent_id = r.id and song.track_id = any($3)))`,
    [platform, app, trackIds === 'all' ? null : trackIds],
  )
  return rows
}

/** The requests under way whose messages are reached by an installation, of those made until then. */
export async function openRequestsOf(
  db: Queryable,
  platform: string,
  installation: string,
  until: Date,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select r.id from messages m join requests r on r.id = m.request_id
     where m.platform = $1 and m.installation = $2 and r.state in ('working', 'ready') and r.created_at <= $3`,
    [platform, installation, until],
  )
  return rows.map(({ id }) => id)
}

/** It was made, or found, and shows this card; `shown` is null when that is not known. */
export async function messageIsThere(
  db: Queryable,
  requestId: string,
  messageId: string,
  shown: string | null,
): Promise<void> {
  await db.query('update messages set message_id = $2, shown = $3 where request_id = $1', [
    requestId,
    messageId,
    shown,
  ])
}

/**
 * Takes the next turn at editing a message, which the courier and delivery share: no two edits are closer than `gapSeconds`.
 * @returns how long it is until then
 */
export async function reserveEdit(
  db: Queryable,
  requestId: string,
  gapSeconds: number,
): Promise<{ waitMs: number }> {
  const { rows } = await db.query<{ waitMs: number }>(
    `update messages set edited_at = greatest(clock_timestamp(), edited_at + make_interval(secs => $2)) where request_id = $1
     returning greatest(0, extract(epoch from edited_at - clock_timestamp()) * 1000)::float8 as "waitMs"`,
    [requestId, gapSeconds],
  )
  return rows[0] ?? { waitMs: 0 }
}

/** Other messages of a channel that were edited within the time that a budget looks at; a message is edited once in it at most. */
const EDITED_BESIDE = `(select count(*) from messages beside where beside.channel = m.channel and beside.request_id <> m.request_id
  and beside.edited_at > clock_timestamp() - make_interval(secs => $2))`
/** The same of a whole workspace. */
const EDITED_IN_WORKSPACE = `(select count(*) from messages beside join requests theirs on theirs.id = beside.request_id
  where beside.platform = m.platform and beside.app = m.app and beside.request_id <> m.request_id
    and theirs.workspace = (select workspace from requests own where own.id = m.request_id)
    and beside.edited_at > clock_timestamp() - make_interval(secs => $5))`

/** Whether the channel has room for one more edit. */
export async function channelHasRoom(db: Queryable, requestId: string, budget: Budget): Promise<boolean> {
  const { rows } = await db.query<{ room: boolean }>(
    `select ${EDITED_BESIDE} < $3 as room from messages m where request_id = $1`,
    [requestId, budget.seconds, budget.edits],
  )
  return rows[0]?.room ?? true
}

/** Takes the turn only if it is now, for the message, its channel and its workspace. @returns when it was taken; undefined when it is not */
export async function takeEdit(
  db: Queryable,
  requestId: string,
  gapSeconds: number,
  { channel, workspace }: { channel: Budget; workspace: Budget | null },
): Promise<Date | undefined> {
  const { rows } = await db.query<{ editedAt: Date }>(
    `update messages m set edited_at = clock_timestamp()
     where request_id = $1 and (edited_at is null or edited_at <= clock_timestamp() - make_interval(secs => $4))
       and ${EDITED_BESIDE} < $3 and ($6::int is null or ${EDITED_IN_WORKSPACE} < $6)
     returning edited_at as "editedAt"`,
    [
      requestId,
      channel.seconds,
      channel.edits,
      gapSeconds,
      workspace?.seconds ?? 0,
      workspace?.edits ?? null,
    ],
  )
  return rows[0]?.editedAt
}

/** The platform asked for a pause before the next edit in the message's channel or workspace, or everywhere: whoever edits there keeps to it. */
export async function postponeEdits(
  db: Queryable,
  { platform, app, channel, workspace }: Pick<Message, 'platform' | 'app' | 'channel' | 'workspace'>,
  where: 'channel' | 'workspace' | 'everywhere',
  pauseSeconds: number,
  gapSeconds: number,
): Promise<void> {
  await db.query(
    `update messages m set edited_at = greatest(edited_at, clock_timestamp() + make_interval(secs => $4::float8 - $5::float8))
     where platform = $1 and app = $2 and state <> 'closed' and ($3::text is null or channel = $3)
       and ($6::text is null or (select workspace from requests where id = m.request_id) = $6)`,
    [
      platform,
      app,
      where === 'channel' ? channel : null,
      pauseSeconds,
      gapSeconds,
      where === 'workspace' ? workspace : null,
    ],
  )
}

/** It shows this card of a request in this state; when that is how the request has ended, nothing more is to follow. */
export async function messageShows(
  db: Queryable,
  requestId: string,
  { shown, state }: { shown: string; state: RequestState },
): Promise<void> {
  // A late edit by a courier that is none any more may have undone the last one: then it is open again.
  await db.query(
    `update messages set shown = $2, state = case
         when exists (select 1 from requests where id = $1 and state = $3 and state not in ('working', 'ready')) then 'closed'
         when state = 'closed' then 'open' else state end
     where request_id = $1`,
    [requestId, shown, state],
  )
}

/** A person has deleted this very message; `closed` when nothing was to follow anyway. */
export async function messageIsGone(
  db: Queryable,
  requestId: string,
  messageId: string | null,
  state: 'deleted' | 'closed',
): Promise<void> {
  await db.query(
    'update messages set state = $3 where request_id = $1 and message_id is not distinct from $2',
    [requestId, messageId, state],
  )
}

export async function messageBecomes(db: Queryable, requestId: string, state: MessageState): Promise<void> {
  await db.query('update messages set state = $2 where request_id = $1', [requestId, state])
}

/** The platform refused the song's own words. */
export async function messageGoesPlain(db: Queryable, requestId: string): Promise<void> {
  await db.query('update messages set plain = true where request_id = $1', [requestId])
}

/** The interaction's secret is of no more use. */
export async function forgetToken(db: Queryable, requestId: string): Promise<void> {
  await db.query('update messages set token = null where request_id = $1', [requestId])
}

export async function forgetExpiredTokens(db: Queryable): Promise<void> {
  await db.query('update messages set token = null where token is not null and token_expires_at < now()')
}

/** Files may have no more than this here, as a refusal has shown. */
export async function lowerFileLimit(db: Queryable, requestId: string, bytes: number): Promise<void> {
  await db.query('update messages set max_file_bytes = $2 where request_id = $1', [requestId, bytes])
}

/** A person deleted it; the courier makes another at once. */
export async function wantNewMessage(db: Queryable, requestId: string): Promise<void> {
  await db.query(
    `update messages set message_id = null, interaction_id = null, token = null, state = 'open', post_after = now(), shown = null,
       post_begun_at = null
     where request_id = $1 and state = 'deleted'`,
    [requestId],
  )
}

/** The request goes on after its end: its message does too. */
export async function reopenMessage(tx: Queryable, requestId: string): Promise<void> {
  await tx.query(
    `update messages set state = 'open' where request_id = $1 and state in ('closed', 'muted')`,
    [requestId],
  )
}
