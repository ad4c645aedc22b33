// What a request's results page stands on, read from the rows; its address, and how addresses are revoked.
import type { Delivered } from '../domain/packing.ts'
import { resultsExpire, resultsPath } from '../domain/results-link.ts'
import type { Queryable } from './database.ts'
import type { RequestState } from './requests.ts'
import { signingKey } from './signing-keys.ts'
import { CARD_CHANNEL, type StageResult } from './stages.ts'

export type Results = {
  id: string
  number: number
  state: RequestState
  /** How often the request's addresses were revoked. */
  version: number
  endedAt: Date | null
  title: string
  artist: string | null
  album: string | null
  durationSeconds: number | null
  separationId: string | null
  /** Null when only an analysis was asked for. */
  model: string | null
  downloaded: StageResult | null
  analysed: StageResult | null
  delivered: Delivered | null
}

const KEY = 'results'

export async function findResults(db: Queryable, requestId: string): Promise<Results | undefined> {
  const { rows } = await db.query<Results>(
    `select r.id, r.number::int, r.state, r.results_version as version, r.ended_at as "endedAt", t.title, t.artist, t.album,
       t.duration_seconds as "durationSeconds", r.separation_id as "separationId", s.model,
       ${done('download', 'r.track_id')} as downloaded, ${done('analysis', 'r.track_id')} as analysed,
       ${done('delivery', 'r.id')} -> 'result' as delivered
     from requests r join tracks t on t.id = r.track_id left join separations s on s.id = r.separation_id where r.id = $1`,
    [requestId],
  )
  return rows[0]
}

function done(stage: string, owner: string): string {
  return `(select jsonb_build_object('folder', folder, 'result', result) from stages
    where owner = ${owner} and stage = '${stage}' and state = 'done')`
}

export function resultsKey(db: Queryable): Promise<Buffer> {
  return signingKey(db, KEY)
}

/** The address of a request's page, to be given out now, without the server's own: it begins with a slash. */
export async function resultsAddress(db: Queryable, requestId: string, now: Date): Promise<string> {
  const { rows } = await db.query<Pick<Results, 'id' | 'version' | 'endedAt'>>(
    'select id, results_version as version, ended_at as "endedAt" from requests where id = $1',
    [requestId],
  )
  if (!rows[0]) throw new Error(`there is no request ${requestId}`)
  return addressOf(db, rows[0], now)
}

/** The same of a request that was read already. */
export async function addressOf(
  db: Queryable,
  request: Pick<Results, 'id' | 'version' | 'endedAt'>,
  now: Date,
): Promise<string> {
  return resultsPath(await resultsKey(db), request, resultsExpire(request.endedAt ?? now, now))
}

/** Makes every address of the request's page void that was given out so far, and has its card shown anew. */
export async function revokeResults(db: Queryable, requestId: string): Promise<void> {
  await db.query(
    `with revoked as (update requests set results_version = results_version + 1 where id = $1 returning track_id)
     select pg_notify($2, track_id::text) from revoked`,
    [requestId, CARD_CHANNEL],
  )
}
