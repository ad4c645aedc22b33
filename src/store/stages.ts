// stages: where each stage of an owner stands, its progress and its result.
import type { StageRow } from '../domain/separation.ts'
import type { QueueName, StageName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'

/** Listeners of this channel hear the id of each track whose cards changed. */
export const CARD_CHANNEL = 'sound_forge_card'

export type StageResult = { folder: string; result: Record<string, unknown> }

/** Every stage row of the track, its separations and its requests, with the fate of each row's job. */
export async function stagesOfTrack(tx: Queryable, trackId: string): Promise<StageRow[]> {
  const { rows } = await tx.query<StageRow>(
    `select s.owner, s.stage, s.queue, s.state, s.job_id as "jobId", s.error_code as "errorCode", s.error_message as "errorMessage",
       case when j.state in ('created', 'retry') then j.priority end as priority,
       case when s.stage = 'resolve' then s.result ->> 'found' end as found,
       extract(epoch from now() - s.finished_at)::float8 as "foundForSeconds",
       case when j.state in ('created', 'retry', 'active') then 'live' when j.state in ('failed', 'cancelled') then 'ended' else 'gone' end as job
     from stages s left join pgboss.job j on j.name = s.queue and j.id = s.job_id
     where s.track_id = $1`,
    [trackId],
  )
  return rows
}

export async function stageWaits(
  tx: Queryable,
  row: { owner: string; stage: StageName; trackId: string; queue: QueueName; jobId: string },
) {
  await tx.query(
    `insert into stages (owner, stage, track_id, queue, job_id, state) values ($1, $2, $3, $4, $5, 'waiting')
     on conflict (owner, stage) do update set queue = $4, job_id = $5, state = 'waiting', attempt = 1, fraction = 0, step = null,
       worker_id = null, sent_at = now(), started_at = null, finished_at = null, error_code = null, error_message = null, folder = null, result = null, files_expired_at = null`,
    [row.owner, row.stage, row.trackId, row.queue, row.jobId],
  )
}

export async function stageRuns(
  tx: Queryable,
  owner: string,
  stage: StageName,
  attempt: number,
  workerId: string,
) {
  await tx.query(
    `update stages set state = 'running', attempt = $3, worker_id = $4, fraction = 0, step = null, started_at = clock_timestamp()
     where owner = $1 and stage = $2`,
    [owner, stage, attempt, workerId],
  )
}

/** Shows progress; only while this worker still runs the stage. */
export async function stageProgresses(
  db: Queryable,
  owner: string,
  stage: StageName,
  workerId: string,
  fraction: number,
  step: string | null,
) {
  await db.query(
    `with moved as (update stages set fraction = $4, step = $5 where owner = $1 and stage = $2 and worker_id = $3 and state = 'running' returning track_id)
     select pg_notify($6, track_id::text) from moved`,
    [owner, stage, workerId, fraction, step, CARD_CHANNEL],
  )
}

export async function stageIsDone(
  tx: Queryable,
  owner: string,
  stage: StageName,
  { folder, result }: StageResult,
) {
  await tx.query(
    `update stages set state = 'done', fraction = 1, step = null, finished_at = clock_timestamp(), error_code = null, error_message = null, folder = $3, result = $4
     where owner = $1 and stage = $2`,
    [owner, stage, folder, result],
  )
}

/** `waiting` after a shutdown or a crash, `retrying` or `discarded` after a failure. */
export async function stageStops(
  tx: Queryable,
  owner: string,
  stage: StageName,
  state: 'waiting' | 'retrying' | 'discarded',
  error?: { code: string; message: string },
) {
  await tx.query(
    `update stages set state = $3, fraction = 0, step = null, worker_id = null, error_code = $4, error_message = $5,
       finished_at = case when $3 = 'discarded' then clock_timestamp() end
     where owner = $1 and stage = $2`,
    [owner, stage, state, error?.code ?? null, error?.message ?? null],
  )
}

/** Forgets a stage, so that it is done again when somebody wants it. */
export async function forgetStage(tx: Queryable, owner: string, stage: StageName) {
  await tx.query('delete from stages where owner = $1 and stage = $2', [owner, stage])
}

export async function findStage(
  db: Queryable,
  owner: string,
  stage: StageName,
): Promise<Pick<StageRow, 'state' | 'jobId'> | undefined> {
  const { rows } = await db.query<Pick<StageRow, 'state' | 'jobId'>>(
    'select state, job_id as "jobId" from stages where owner = $1 and stage = $2',
    [owner, stage],
  )
  return rows[0]
}

/** The result of a finished stage; undefined when it is not finished, or its files are no more. */
export async function findResult(
  db: Queryable,
  owner: string,
  stage: StageName,
): Promise<StageResult | undefined> {
  const { rows } = await db.query<StageResult>(
    `select folder, result from stages where owner = $1 and stage = $2 and state = 'done' and files_expired_at is null`,
    [owner, stage],
  )
  return rows[0]
}

export async function notifyCards(tx: Queryable, trackId: string) {
  await tx.query('select pg_notify($1, $2)', [CARD_CHANNEL, trackId])
}

/**
 * Tracks whose files are there although nobody has asked for them for so long, each with the folders of its stages. What still is under
 * way waits for them.
 */
export async function tracksUnasked(db: Queryable, days: number, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select distinct s.track_id as id from stages s
     where s.folder is not null and s.files_expired_at is null and s.finished_at < now() - make_interval(days => $1)
       and ${UNASKED} limit $2`,
    [days, limit],
  )
  return rows.map(({ id }) => id)
}

const UNASKED = `not exists (select 1 from requests r where r.track_id = s.track_id
  and (r.state in ('working', 'ready') or greatest(r.created_at, r.ended_at) > now() - make_interval(days => $1)))`

/** Says that a track's files are no more: nobody uses them from then on. Call with it locked. @returns the folders that were theirs, to be removed */
export async function expireFiles(tx: Queryable, trackId: string, days: number): Promise<string[]> {
  const { rows } = await tx.query<{ folder: string }>(
    `update stages s set files_expired_at = now()
     where track_id = $2 and folder is not null and files_expired_at is null and ${UNASKED} returning folder`,
    [days, trackId],
  )
  return rows.map(({ folder }) => folder)
}

/** Which of these names of the file store a row still needs: an attempt's folder, or an upload whose download is not done. */
export async function namedFolders(db: Queryable, names: string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) name
     where exists (select 1 from stages s where s.folder = name and s.files_expired_at is null)
        or exists (select 1 from encodings e where substring(e.file from '^[^/]+/[^/]+/[^/]+') = name)
        or exists (select 1 from tracks t join stages s on s.track_id = t.id
                   where t.source ->> 'sha256' = substring(name from '^uploads/(.+)$') and s.stage = 'download'
                     and (s.state not in ('done', 'discarded') or s.finished_at > now() - interval '1 day'))`,
    [names],
  )
  return new Set(rows.map((row) => row.name))
}
