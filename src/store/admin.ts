// What the operator's page shows, read from the rows. Every list has an end, however much there is.
import type { QueueName, StageName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'
import { LIVE_WORKERS } from './live-workers.ts'
import type { RequestState } from './requests.ts'
import type { QueueLimits } from './workers.ts'

/** Requests older than so many others are found by their number alone. */
const NEWEST_REQUESTS = 10_000
const MOST_MACHINES = 100
const MOST_RUNNING = 200
/** Of one job: crashes, and what was postponed, come beside its three attempts. */
const MOST_ATTEMPTS = 12

export type GroupRow = { state: RequestState; count: number; newest: string[] }

/** How many requests there are of a state, and the ids of the newest of them; of those delivered since `deliveredSince` alone. */
export async function readGroups(
  db: Queryable,
  { deliveredSince, limit }: { deliveredSince: Date; limit: number },
): Promise<GroupRow[]> {
  const { rows } = await db.query<GroupRow>(
    `with recent as (select id, number, state, ended_at from requests where parent_id is null order by number desc limit $3),
     counted as (
       select id, number, state, ended_at from requests where state in ('working', 'ready') and parent_id is null
       union all
       select * from recent where state in ('failed', 'cancelled') or (state = 'delivered' and ended_at >= $1)),
     placed as (select *, row_number() over (partition by state order by ended_at desc nulls first, number desc) as place from counted)
     select state, count(*)::int as count, array_agg(id order by place) filter (where place <= $2) as newest from placed group by state`,
    [deliveredSince, limit, NEWEST_REQUESTS],
  )
  return rows
}

/**
 * The ids of requests, the newest first: where `text` occurs in `Artist - Title`, or is the number. Songs of a list are found by a text
 * alone.
 * @param before a request's number
 */
export async function findRequests(
  db: Queryable,
  { state, text, before }: { state: RequestState | null; text: string; before: number | null },
  limit: number,
): Promise<string[]> {
  const number = /^#?(\d{1,15})$/.exec(text)?.[1] ?? null
  const { rows } = await db.query<{ id: string }>(
    `with recent as (select id, number, state, parent_id, track_id from requests
         where $3::bigint is null or number < $3 order by number desc limit $6),
       looked as (select * from recent union
         select id, number, state, parent_id, track_id from requests where number = $4 and ($3::bigint is null or number < $3))
     select r.id from looked r join tracks t on t.id = r.track_id
     where ($1::text is null or r.state = $1)
       and case when $2 = '' then r.parent_id is null
         else r.number = $4 or strpos(lower(concat_ws(' - ', t.artist, t.title)), lower($2)) > 0 end
     order by r.number desc limit $5`,
    [state, text, before, number, limit, NEWEST_REQUESTS],
  )
  return rows.map(({ id }) => id)
}

/** Where, when and by whom a request was asked for; the person by their name, where it is known. */
export type AskedRow = {
  id: string
  platform: string
  workspace: string
  channel: string
  person: string
  model: string
  askedAt: Date
  endedAt: Date | null
}

const ASKED = `r.id, r.platform, r.workspace, r.channel, coalesce(m.person_name, p.name, r.person) as person, r.model,
  r.created_at as "askedAt", r.ended_at as "endedAt"`
const ASKED_BY = `left join messages m on m.request_id = coalesce(r.parent_id, r.id)
  left join room_people p on r.platform = 'room' and p.id = r.person`

export async function readAsked(db: Queryable, ids: string[]): Promise<Map<string, AskedRow>> {
  const { rows } = await db.query<AskedRow>(
    `select ${ASKED} from requests r ${ASKED_BY} where r.id = any($1)`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

export type DiscardedRow = AskedRow & {
  number: number
  title: string
  artist: string | null
  errorCode: string
  errorMessage: string
  stages: { stage: StageName; jobId: string }[]
}

/** The requests that failed last, of those of which a stage was discarded; songs of lists are among them. */
export async function readDiscarded(db: Queryable, limit: number): Promise<DiscardedRow[]> {
  const { rows } = await db.query<DiscardedRow>(
    // Looked at one after the other, the newest first, until there are enough: what failed may be very much.
    `with failed as (
       select id, track_id, separation_id, ended_at
       from (select id, track_id, separation_id, state, ended_at from requests order by number desc limit $2) recent
       where state = 'failed' order by ended_at desc offset 0),
     discarded as (
       select id, ended_at from failed f
       where exists (select 1 from stages s where s.owner in (f.id, f.track_id, f.separation_id) and s.state = 'discarded') limit $1)
     select ${ASKED}, r.number::int, t.title, t.artist, r.error_code as "errorCode", r.error_message as "errorMessage",
       (select jsonb_agg(jsonb_build_object('stage', s.stage, 'jobId', s.job_id) order by s.finished_at) from stages s
          where s.owner in (r.id, r.track_id, r.separation_id) and s.state = 'discarded') as stages
     from discarded d join requests r on r.id = d.id join tracks t on t.id = r.track_id ${ASKED_BY} order by d.ended_at desc`,
    [limit, NEWEST_REQUESTS],
  )
  return rows
}

export type AttemptRow = {
  jobId: string
  /** When it ended; of a crash, when it began. */
  at: Date
  attempt: number
  outcome: 'failed' | 'crashed' | 'postponed'
  code: string | null
  message: string | null
  seconds: number | null
  machine: string | null
}

/** The attempts at these jobs that came to nothing, the oldest first. */
export async function readAttempts(db: Queryable, jobIds: string[]): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select a.job_id as "jobId", coalesce(a.ended_at, a.started_at) as at, a.attempt, a.outcome, a.error_code as code,
       a.error_message as message, a.seconds, a.machine
     from unnest($1::uuid[]) job (id) cross join lateral (
       select * from job_attempts a where a.job_id = job.id and a.outcome in ('failed', 'crashed', 'postponed')
       order by a.started_at desc limit $2) a
     order by a.started_at`,
    [jobIds, MOST_ATTEMPTS],
  )
  return rows
}

export type MachineRow = {
  id: string
  hostname: string
  pid: number
  since: Date
  models: { name: string }[]
  queues: QueueLimits
}

/** Those that live. */
export async function readMachines(db: Queryable): Promise<MachineRow[]> {
  const { rows } = await db.query<MachineRow>(
    `with ${LIVE_WORKERS}
     select id, hostname, pid, started_at as since, models, queues from live_workers order by hostname, started_at limit ${MOST_MACHINES}`,
  )
  return rows
}

export type RunningRow = {
  jobId: string
  workerId: string
  queue: QueueName
  title: string
  artist: string | null
  numbers: number[]
  attempt: number
  fraction: number
  step: string | null
  since: Date
}

/** The jobs that run now, those that began first first. */
export async function readRunning(db: Queryable): Promise<RunningRow[]> {
  const { rows } = await db.query<RunningRow>(
    `select s.job_id as "jobId", s.worker_id as "workerId", s.queue, t.title, t.artist, s.attempt, s.fraction::float8, s.step,
       s.started_at as since,
       array(select r.number::int from requests r where r.track_id = s.track_id and r.state = 'working'
          and s.owner in (r.track_id, r.separation_id, r.id) order by r.number limit 5) as numbers
     from stages s join tracks t on t.id = s.track_id where s.state = 'running' order by s.started_at limit ${MOST_RUNNING}`,
  )
  return rows
}
