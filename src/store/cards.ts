// What a card shows, read from the rows.
import type { CardFacts, CardSong } from '../domain/card.ts'
import type { CardStage } from '../domain/progress.ts'
import type { Resolved } from '../domain/recording.ts'
import { needsResolving, type Source } from '../domain/source.ts'
import { type QueueName, queueOf, STAGES, type StageName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'
import { measuredRate } from './events.ts'
import type { Listed } from './requests.ts'

type Row = Omit<
  CardFacts,
  'stages' | 'bpm' | 'key' | 'truncated' | 'deliveryNotes' | 'link' | 'choices' | 'songs' | 'songsLeftOut'
> & {
  trackId: string
  separationId: string | null
  platform: string
  source: Source
  listed: Listed | null
}
type StageColumns = Omit<CardStage, 'rate'> & {
  result:
    | (Partial<Resolved> & {
        bpm?: number | null
        key?: string | null
        truncated?: boolean
        notes?: string[]
        link?: string | null
      })
    | null
}

export async function readCard(
  db: Queryable,
  requestId: string,
): Promise<(CardFacts & { trackId: string }) | undefined> {
  const { rows } = await db.query<Row>(
    `select r.id, r.number::int, r.person, r.state, r.platform, r.track_id as "trackId", r.separation_id as "separationId", r.format,
       r.match, r.listed, r.error_code as "errorCode", r.error_message as "errorMessage", t.title, t.artist, t.duration_seconds as "durationSeconds",
       t.cover_url as "coverUrl", t.source, s.model
     from requests r join tracks t on t.id = r.track_id left join separations s on s.id = r.separation_id where r.id = $1`,
    [requestId],
  )
  const row = rows[0]
  if (!row) return undefined
  const isList = row.source.kind === 'list'
  const isSearched = needsResolving(row.source) || row.match !== null
  // Of a list only what is in it has to be found out: the rest is done for its songs.
  const owners = {
    resolve: isSearched ? row.trackId : null,
    download: isList ? null : row.trackId,
    analysis: isList ? null : row.trackId,
    processing: isList ? null : row.separationId,
    delivery: isList ? null : requestId,
  }
  const there = await stagesOf(db, Object.values(owners))
  const stages: CardStage[] = []
  for (const stage of STAGES) {
    if (owners[stage] === null) continue
    const found = stage === 'resolve' && row.match !== null
    const known = there.get(stage) ?? (found ? FOUND : AHEAD)
    const finished = known.state === 'done' || known.state === 'discarded'
    const queue: QueueName = queueOf(stage, row.platform)
    const rate = finished
      ? undefined
      : await measuredRate(db, queue, stage === 'processing' ? row.model : null)
    stages.push({ ...known, stage, rate })
  }
  const resolved = there.get('resolve')?.result as Resolved | null | undefined
  const analysis = there.get('analysis')?.result
  const truncated = there.get('download')?.result?.truncated === true
  const delivered = there.get('delivery')?.result
  const deliveryNotes = delivered?.notes ?? []
  const link = delivered?.link ?? null
  return {
    ...row,
    stages,
    truncated,
    bpm: analysis?.bpm ?? null,
    key: analysis?.key ?? null,
    deliveryNotes,
    link,
    choices: row.match === null && resolved?.found === 'choices' ? resolved.choices : [],
    songs: row.listed && (await songsOnCard(db, requestId, row.listed)),
    songsLeftOut: row.listed ? Math.max(0, row.listed.total - row.listed.taken) : 0,
  }
}

/** The songs of a list in its order; those that cannot be fetched at all have no request. */
async function songsOnCard(db: Queryable, requestId: string, { unavailable }: Listed): Promise<CardSong[]> {
  const { rows } = await db.query<CardSong & { place: number }>(
    `select r.number::int, r.place_in_list as place, t.title, t.artist, r.state, r.error_message as error,
       case when r.state = 'working' then (select coalesce(sum(s.fraction), 0) from stages s
           where s.owner in (r.track_id, r.separation_id, r.id) and s.stage <> 'resolve')::float8 / (case when r.separation_id is null then 3 else 4 end)
         else 1 end as fraction
     from requests r join tracks t on t.id = r.track_id where r.parent_id = $1`,
    [requestId],
  )
  const unfetchable = unavailable.map(({ place, title, artist, why }) => {
    const error = `It is ${why}.`
    return { place, number: null, title, artist, state: 'failed' as const, fraction: 1, error }
  })
  return [...rows, ...unfetchable].sort((a, b) => a.place - b.place).map(({ place: _, ...song }) => song)
}

const FOUND = {
  state: 'done',
  fraction: 1,
  step: null,
  attempt: 1,
  startedAt: null,
  error: null,
  place: 0,
  isWorked: true,
  isHeld: false,
} as const
const AHEAD = {
  state: 'ahead',
  fraction: 0,
  step: null,
  attempt: 1,
  startedAt: null,
  error: null,
  place: 0,
  isWorked: true,
  isHeld: false,
} as const

async function stagesOf(db: Queryable, owners: (string | null)[]): Promise<Map<StageName, StageColumns>> {
  const { rows } = await db.query<StageColumns>(
    `select s.stage, s.state, s.fraction, s.step, s.attempt, s.started_at as "startedAt", s.error_message as error,
       case when s.stage <> 'processing' then s.result end as result,
       case when s.state = 'waiting' then (select count(*)::int from stages before
          where before.queue = s.queue and before.state in ('waiting', 'running') and before.sent_at < s.sent_at) else 0 end as place,
       s.state <> 'waiting' or exists (select 1 from workers w where w.queues ? s.queue) as "isWorked",
       exists (select 1 from queue_controls c where c.queue = s.queue and (c.paused or c.draining)) as "isHeld"
     from stages s where s.owner = any($1)`,
    [owners.filter((owner) => owner !== null)],
  )
  return new Map(rows.map((row) => [row.stage, row]))
}
