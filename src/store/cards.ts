// What a card shows, read from the rows.
import type { CardFacts } from '../domain/card.ts'
import type { CardStage } from '../domain/progress.ts'
import { type QueueName, queueOf, STAGES, type StageName } from '../queue/queues.ts'
import type { Queryable } from './database.ts'
import { measuredRate } from './events.ts'

type Row = Omit<CardFacts, 'stages' | 'bpm' | 'key' | 'truncated' | 'deliveryNotes' | 'link'> & {
  trackId: string
  separationId: string | null
  platform: string
}
type StageColumns = Omit<CardStage, 'rate'> & {
  result: {
    bpm?: number | null
    key?: string | null
    truncated?: boolean
    notes?: string[]
    link?: string | null
  } | null
}

export async function readCard(
  db: Queryable,
  requestId: string,
): Promise<(CardFacts & { trackId: string }) | undefined> {
  const { rows } = await db.query<Row>(
    `select r.id, r.number::int, r.person, r.state, r.platform, r.track_id as "trackId", r.separation_id as "separationId", r.format,
       r.error_code as "errorCode", r.error_message as "errorMessage", t.title, t.artist, t.duration_seconds as "durationSeconds",
       t.cover_url as "coverUrl", s.model
     from requests r join tracks t on t.id = r.track_id left join separations s on s.id = r.separation_id where r.id = $1`,
    [requestId],
  )
  const row = rows[0]
  if (!row) return undefined
  const owners = {
    download: row.trackId,
    analysis: row.trackId,
    processing: row.separationId,
    delivery: requestId,
  }
  const there = await stagesOf(db, Object.values(owners))
  const stages: CardStage[] = []
  for (const stage of STAGES) {
    if (owners[stage] === null) continue
    const known = there.get(stage) ?? AHEAD
    const finished = known.state === 'done' || known.state === 'discarded'
    const queue: QueueName = queueOf(stage, row.platform)
    const rate = finished
      ? undefined
      : await measuredRate(db, queue, stage === 'processing' ? row.model : null)
    stages.push({ ...known, stage, rate })
  }
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
  }
}

const AHEAD = {
  state: 'ahead',
  fraction: 0,
  step: null,
  attempt: 1,
  startedAt: null,
  error: null,
  place: 0,
} as const

async function stagesOf(db: Queryable, owners: (string | null)[]): Promise<Map<StageName, StageColumns>> {
  const { rows } = await db.query<StageColumns>(
    `select s.stage, s.state, s.fraction, s.step, s.attempt, s.started_at as "startedAt", s.error_message as error,
       case when s.stage <> 'processing' then s.result end as result,
       case when s.state = 'waiting' then (select count(*)::int from stages before
          where before.queue = s.queue and before.state in ('waiting', 'running') and before.sent_at < s.sent_at) else 0 end as place
     from stages s where s.owner = any($1)`,
    [owners.filter((owner) => owner !== null)],
  )
  return new Map(rows.map((row) => [row.stage, row]))
}
