// What the operator's server and page say to each other, as JSON. Moments are in ISO 8601. docs/admin.md describes it.
import type { Card } from '../../domain/card.ts'
import type { QueueName, StageName } from '../../queue/queues.ts'

/** What the page shows, and what each event of its stream replaces: the event's name is the key, its data the value. */
export type AdminState = {
  queues: AdminQueue[]
  counts: Record<RequestGroup, number>
  working: AdminRequest[]
  ready: AdminRequest[]
  delivered: AdminRequest[]
  failed: AdminRequest[]
  cancelled: AdminRequest[]
  discarded: AdminFailure[]
  machines: AdminMachine[]
  couriers: AdminCourier[]
}

/** Of those delivered, what was delivered since midnight; of the others all. */
export type RequestGroup = 'working' | 'ready' | 'delivered' | 'failed' | 'cancelled'

/** Jobs, by where they stand. */
export type QueueDepth = {
  /** May start at once. */
  available: number
  /** Put off: its platform or service does not take it just now. */
  scheduled: number
  /** Failed, and is tried again. */
  retryable: number
  running: number
  /** How many may run at once over all machines that work them, while it is open. */
  limit: number
  /** How long the one that has waited longest could have started already; 0 where none waits. */
  oldestAgeSeconds: number
}

/** The queue of a stage; `delivery` is those of all platforms together. */
export type AdminQueue = QueueDepth & {
  stage: StageName
  label: string
  /** `drained`: as draining, and nothing runs any more. */
  standing: 'open' | 'paused' | 'draining' | 'drained'
  /** Who said last how it is to stand, where on what platform; null where nobody has. */
  changed: { platform: string; person: string; at: string } | null
  /** Jobs at once on one machine, as somebody has said for all; null where each machine's settings count. */
  perMachine: number | null
  /** Of a platform each, where there are several: those that have a job, or a machine that works them. */
  parts: (QueueDepth & { label: string })[]
}

/** Where, and by whom, something was asked for. */
export type Asked = {
  platform: string
  workspace: string
  channel: string
  person: string
  askedAt: string
}

export type AdminRequest = Asked & {
  id: string
  number: number
  state: Card['state']
  title: string
  artist: string | null
  model: string
  endedAt: string | null
  lines: Card['lines']
  /** Of a list: how many of its songs have ended, well or badly. */
  songs: { ended: number; total: number } | null
  /** What there is to say beside its stages. */
  note: string | null
  secondsLeft: number | null
  error: Card['error']
  actions: RequestAction[]
}
export type RequestAction = 'retry' | 'cancel'

/** One try at a job that came to nothing. */
export type FailedAttempt = {
  at: string
  attempt: number
  /** `postponed`: its platform or service did not take it just then, which costs no attempt. */
  outcome: 'failed' | 'crashed' | 'postponed'
  code: string
  message: string
  /** Null where nothing lived to tell. */
  durationMs: number | null
  machine: string
}

/** A request that failed, as a stage of it was given up. */
export type AdminFailure = Asked & {
  id: string
  number: number
  title: string
  artist: string | null
  failedAt: string
  error: { code: string; message: string }
  stages: { stage: StageName; label: string; attempts: FailedAttempt[] }[]
}

export type AdminMachine = {
  id: string
  hostname: string
  pid: number
  since: string
  queues: { queue: QueueName; label: string; limit: number }[]
  models: string[]
  running: RunningJob[]
}

export type RunningJob = {
  id: string
  label: string
  title: string
  artist: string | null
  /** Of the requests that wait for it, the oldest first. */
  numbers: number[]
  attempt: number
  fraction: number
  step: string | null
  since: string
}

/** Who keeps a platform's cards up to date; `at` is where, null while nobody does. */
export type AdminCourier = { platform: string; at: string | null }

/**
 * GET  /admin/api/state                                   -> AdminState
 * GET  /admin/api/events                                  -> text/event-stream: each key of AdminState, first all, then what has changed
 * GET  /admin/api/requests?state=&text=&before=NUMBER     -> Found, the newest first
 * POST /admin/api/queues/:stage      QueueChange          -> {}; `all` is every queue
 * POST /admin/api/requests/:id/retry                      -> {}
 * POST /admin/api/requests/:id/cancel                     -> {}
 */
export type Found = { requests: AdminRequest[]; hasMore: boolean }
/** `limit`: jobs at once on each machine; null: as each machine's settings say. */
export type QueueChange = { action: QueueAction } | { action: 'scale'; limit: number | null }
export type QueueAction = 'pause' | 'resume' | 'drain'

/** The body of every answer that is not well. */
export type Refusal = { error: { code: string; message: string } }
