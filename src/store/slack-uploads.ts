// slack_uploads: how far the hand-over of a request's files has got, so that after a crash nothing is sent or shown twice.
import type { Queryable } from './database.ts'

/** A file that Slack has, and that nobody sees yet. */
export type Uploaded = { name: string; bytes: number; id: string }
export type Upload = {
  files: Uploaded[]
  /** How long ago Slack was asked to show them, in ms; null while it was not, or has said no. */
  sharingForMs: number | null
  /** Slack has said that it does. */
  saidShared: boolean
  /** How often it said so, and showed nothing. */
  unshown: number
  /** How long ago a mention without files was begun, in ms; null when it was not. */
  mentionBegunForMs: number | null
}

/** What is known of the files for this message; nothing of those for an earlier one. */
export async function findUpload(db: Queryable, requestId: string, thread: string): Promise<Upload> {
  const { rows } = await db.query<Upload>(
    `insert into slack_uploads (request_id, thread) values ($1, $2)
     on conflict (request_id) do update set
       files = case when slack_uploads.thread = $2 then slack_uploads.files else '[]' end,
       sharing_since = case when slack_uploads.thread = $2 then slack_uploads.sharing_since end,
       said_shared = slack_uploads.thread = $2 and slack_uploads.said_shared,
       unshown = case when slack_uploads.thread = $2 then slack_uploads.unshown else 0 end,
       mention_begun_at = case when slack_uploads.thread = $2 then slack_uploads.mention_begun_at end,
       thread = $2
     returning files, said_shared as "saidShared", unshown,
       (extract(epoch from clock_timestamp() - sharing_since) * 1000)::float8 as "sharingForMs",
       (extract(epoch from clock_timestamp() - mention_begun_at) * 1000)::float8 as "mentionBegunForMs"`,
    [requestId, thread],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
  return rows[0]
}

export async function saveUploaded(db: Queryable, requestId: string, files: Uploaded[]): Promise<void> {
  await db.query('update slack_uploads set files = $2 where request_id = $1', [
    requestId,
    JSON.stringify(files),
  ])
}

/** To be called before Slack is asked to show the files. */
export async function beginSharing(db: Queryable, requestId: string): Promise<void> {
  await db.query('update slack_uploads set sharing_since = clock_timestamp() where request_id = $1', [
    requestId,
  ])
}

/** Slack has said that it shows them. */
export async function sharingIsSaid(db: Queryable, requestId: string): Promise<void> {
  await db.query('update slack_uploads set said_shared = true where request_id = $1', [requestId])
}

/** Slack has said no, or was not asked after all. */
export async function endSharing(db: Queryable, requestId: string): Promise<void> {
  await db.query('update slack_uploads set sharing_since = null where request_id = $1', [requestId])
}

/** Slack does not show them: they are sent anew. */
export async function startOver(db: Queryable, requestId: string, unshown: number): Promise<void> {
  await db.query(
    `update slack_uploads set files = '[]', sharing_since = null, said_shared = false, unshown = $2 where request_id = $1`,
    [requestId, unshown],
  )
}

/** To be called before it is posted; with null once Slack has said no. */
export async function mentionBegins(db: Queryable, requestId: string, at: 'now' | null): Promise<void> {
  await db.query(
    'update slack_uploads set mention_begun_at = case when $2 then clock_timestamp() end where request_id = $1',
    [requestId, at === 'now'],
  )
}
