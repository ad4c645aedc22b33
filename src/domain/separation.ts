// What should happen next to a track, decided from where everything stands. Pure: settle.ts carries it out.
import { ERRORS } from '../errors.ts'
import {
  CHOICE_HOURS,
  priorityOf,
  type QueueName,
  queueOf,
  SECONDS_A_PLACE,
  type StageName,
} from '../queue/queues.ts'
import type { Resolved } from './recording.ts'

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
  /** Of a live job that waits. */
  priority: number | null
  /** Of a stage `resolve` that is done: what it found, and how long ago. */
  found: Resolved['found'] | null
  foundForSeconds: number | null
}
/** How many of a list's songs are where; null while the list has none yet. */
export type SongCounts = { open: number; delivered: number }
/** A request that has not ended; `separationId` is null when only an analysis was asked for. */
export type OpenRequest = {
  id: string
  platform: string
  separationId: string | null
  /** A song of a list, which has no message to ask by. */
  isSong: boolean
  /** In its list; 0 for a single song. */
  place: number
  ageSeconds: number
  songs: SongCounts | null
}
export type Snapshot = {
  trackId: string
  /** Whether its source has to lead to a recording before there is something to fetch. */
  needsResolving: boolean
  requests: OpenRequest[]
  stages: StageRow[]
}

type Step = { stage: StageName; owner: string }
type Wanted = Step & { queue: QueueName; place: number }
type End = { code: string; message: string }
export type Decision = {
  /** Jobs that should exist and do not; `place` is the first place in a list that waits for it. */
  send: Wanted[]
  /** Jobs that wait behind others for which they need not wait: somebody else wants them sooner. */
  hasten: { queue: QueueName; jobId: string; priority: number }[]
  /** Jobs that nobody wants any more. */
  cancel: StageRow[]
  /** Stages whose job was ended by somebody else: they count as discarded. */
  discard: StageRow[]
  /** Requests that cannot be fulfilled. */
  fail: (End & { requestId: string })[]
  /** Requests that go on with what was found: another track, or the songs of a list. */
  goOn: string[]
}

export function decide(snapshot: Snapshot): Decision {
  const rows = new Map(snapshot.stages.map((row) => [keyOf(row), row]))
  const decision: Decision = { send: [], hasten: [], cancel: [], discard: [], fail: [], goOn: [] }
  const wanted = new Map<string, Wanted>()

  for (const request of snapshot.requests) {
    const next = nextSteps(request, snapshot, (stage, owner) => rows.get(keyOf({ stage, owner })))
    if (next === 'go on') decision.goOn.push(request.id)
    else if ('code' in next) decision.fail.push({ requestId: request.id, ...next })
    else
      for (const step of next) {
        const place = Math.min(placeNow(request), wanted.get(keyOf(step))?.place ?? Number.POSITIVE_INFINITY)
        wanted.set(keyOf(step), { ...step, queue: queueOf(step.stage, request.platform), place })
      }
  }
  for (const [key, step] of wanted) {
    const row = rows.get(key)
    if (!row || row.job === 'gone') decision.send.push(step)
    else if (row.job === 'ended') decision.discard.push(row)
    else if (row.priority !== null && row.priority < priorityOf(step.queue, step.place))
      decision.hasten.push({ ...row, priority: priorityOf(step.queue, step.place) })
  }
  for (const [key, row] of rows) {
    const unfinished = row.state !== 'done' && row.state !== 'discarded'
    if (unfinished && !wanted.has(key)) decision.cancel.push(row)
  }
  return decision
}

/** Who waits moves up, so that the songs of a list have their turn however much else is asked for. */
function placeNow({ place, ageSeconds }: OpenRequest): number {
  return Math.max(0, place - Math.floor(ageSeconds / SECONDS_A_PLACE))
}

type FindRow = (stage: StageName, owner: string) => StageRow | undefined

/** The stages a request now waits for, or why it cannot be fulfilled. */
function nextSteps(
  request: OpenRequest,
  { trackId, needsResolving }: Snapshot,
  row: FindRow,
): Step[] | End | 'go on' {
  const download = row('download', trackId)
  if (needsResolving && download?.state !== 'done') return stepsToRecording(request, trackId, row)
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

/** As long as it is not known what to fetch; of a list that is never known. */
function stepsToRecording(request: OpenRequest, trackId: string, row: FindRow): Step[] | End | 'go on' {
  if (request.songs) return stepsOfList(request, request.songs, row)
  const resolve = row('resolve', trackId)
  if (resolve?.state === 'discarded') return endOf(resolve)
  if (resolve?.state !== 'done') return [{ stage: 'resolve', owner: trackId }]
  if (resolve.found === 'choices') {
    if (request.isSong) return { code: 'unsure', message: ERRORS.unsure }
    const askedForSeconds = Math.min(request.ageSeconds, resolve.foundForSeconds ?? 0)
    return askedForSeconds > CHOICE_HOURS * 3600 ? { code: 'not_chosen', message: ERRORS.not_chosen } : []
  }
  return 'go on'
}

function stepsOfList(request: OpenRequest, songs: SongCounts, row: FindRow): Step[] | End {
  if (songs.open > 0) return []
  if (songs.delivered === 0) return { code: 'list_failed', message: ERRORS.list_failed }
  const delivery = row('delivery', request.id)
  return delivery?.state === 'discarded' ? endOf(delivery) : [{ stage: 'delivery', owner: request.id }]
}

function keyOf({ stage, owner }: Step): string {
  return `${stage} ${owner}`
}

function endOf(row: StageRow): End {
  return { code: row.errorCode ?? 'internal', message: row.errorMessage ?? 'The work could not be done.' }
}
