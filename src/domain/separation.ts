// What should happen next to a track, decided from where everything stands. Pure: settle.ts carries it out.
import { type QueueName, queueOf, type StageName } from '../queue/queues.ts'

export type StageState = 'waiting' | 'running' | 'retrying' | 'done' | 'discarded'
export type StageRow = {
  owner: string
  stage: StageName
  queue: QueueName
  state: StageState
  jobId: string
  /** Of the stage's job: `live` (queued, running or to be retried), `ended` by failure or cancellation, or `gone`. */
  job: 'live' | 'ended' | 'gone'
  errorCode: string | null
  errorMessage: string | null
}
/** A request that has not ended; `separationId` is null when only an analysis was asked for. */
export type OpenRequest = { id: string; platform: string; separationId: string | null }
export type Snapshot = { trackId: string; requests: OpenRequest[]; stages: StageRow[] }

type Step = { stage: StageName; owner: string }
type End = { code: string; message: string }
export type Decision = {
  /** Jobs that should exist and do not. */
  send: (Step & { queue: QueueName })[]
  /** Jobs that nobody wants any more. */
  cancel: StageRow[]
  /** Stages whose job was ended by somebody else: they count as discarded. */
  discard: StageRow[]
  /** Requests that cannot be fulfilled. */
  fail: (End & { requestId: string })[]
}

export function decide(snapshot: Snapshot): Decision {
  const rows = new Map(snapshot.stages.map((row) => [keyOf(row), row]))
  const decision: Decision = { send: [], cancel: [], discard: [], fail: [] }
  const wanted = new Map<string, Step & { queue: QueueName }>()

  for (const request of snapshot.requests) {
    const next = nextSteps(request, snapshot.trackId, (stage, owner) => rows.get(keyOf({ stage, owner })))
    if ('code' in next) decision.fail.push({ requestId: request.id, ...next })
    else
      for (const step of next)
        wanted.set(keyOf(step), { ...step, queue: queueOf(step.stage, request.platform) })
  }
  for (const [key, step] of wanted) {
    const row = rows.get(key)
    if (!row || row.job === 'gone') decision.send.push(step)
    else if (row.job === 'ended') decision.discard.push(row)
  }
  for (const [key, row] of rows) {
    const unfinished = row.state !== 'done' && row.state !== 'discarded'
    if (unfinished && !wanted.has(key)) decision.cancel.push(row)
  }
  return decision
}

/** The stages a request now waits for, or why it cannot be fulfilled. */
function nextSteps(
  request: OpenRequest,
  trackId: string,
  row: (stage: StageName, owner: string) => StageRow | undefined,
): Step[] | End {
  const download = row('download', trackId)
  if (download?.state === 'discarded') return endOf(download)
  if (download?.state !== 'done') return [{ stage: 'download', owner: trackId }]

  const steps: Step[] = []
  const analysis = row('analysis', trackId)
  // A discarded analysis does not hold back stems; without stems it is all there was to give.
  if (analysis?.state === 'discarded' && !request.separationId) return endOf(analysis)
  if (analysis?.state !== 'done' && analysis?.state !== 'discarded')
    steps.push({ stage: 'analysis', owner: trackId })
  if (request.separationId) {
    const processing = row('processing', request.separationId)
    if (processing?.state === 'discarded') return endOf(processing)
    if (processing?.state !== 'done') steps.push({ stage: 'processing', owner: request.separationId })
  }
  if (steps.length > 0) return steps

  const delivery = row('delivery', request.id)
  if (delivery?.state === 'discarded') return endOf(delivery)
  return [{ stage: 'delivery', owner: request.id }]
}

function keyOf({ stage, owner }: Step): string {
  return `${stage} ${owner}`
}

function endOf(row: StageRow): End {
  return { code: row.errorCode ?? 'internal', message: row.errorMessage ?? 'The work could not be done.' }
}
