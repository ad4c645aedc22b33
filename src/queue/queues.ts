// The queues, in one place: what runs, how much of it at once on one machine, how often it is tried.

/** Tool failures after which a stage is discarded, as in Oban's max_attempts. */
export const MAX_ATTEMPTS = 3
/** Crashes, lost claims not counted, after which a job is discarded: it may be what crashes us. */
export const MAX_CRASHES = 5
/** The same person asking for the same thing in the same channel within this time gets the request that is there. */
export const SAME_COMMAND_SECONDS = 300

/** A person who is asked which recording they mean is waited for this long. */
export const CHOICE_HOURS = 24

/** A platform that does not take a delivery is tried for this long, which costs no attempt; then a person has to ask again. */
export const POSTPONE_HOURS = 6
export const POSTPONE_MAX_SECONDS = 300

export const QUEUES = {
  /** Finds out what is to be fetched, where a song was not named by its recording; owner: the track. Asks others and waits: it takes no
   * slot of a download. */
  resolve: { concurrency: 3, priority: 1 },
  /** Brings the song's audio; owner: the track. */
  download: { concurrency: 3, priority: 1 },
  /** BPM, key, loudness, waveform; owner: the track. */
  analysis: { concurrency: 2, priority: 0 },
  /** Splits the song into stems; owner: the separation. */
  processing: { concurrency: 2, priority: 0 },
  /** Encodes the stems and hands them over; owner: the request. One queue a platform: it runs where the platform's credentials are. */
  'delivery-terminal': { concurrency: 2, priority: 0 },
  'delivery-room': { concurrency: 2, priority: 0 },
  'delivery-discord': { concurrency: 2, priority: 0 },
  'delivery-slack': { concurrency: 2, priority: 0 },
} as const

export type QueueName = keyof typeof QUEUES
export type StageName = 'resolve' | 'download' | 'analysis' | 'processing' | 'delivery'
export const STAGES: readonly StageName[] = ['resolve', 'download', 'analysis', 'processing', 'delivery']

/** So long a song of a list waits for each place that it is behind; then it counts as the one before. */
export const SECONDS_A_PLACE = 300

/** Higher comes first. @param place in a list: the later songs of a long one let everybody else's pass */
export function priorityOf(queue: QueueName, place: number): number {
  return QUEUES[queue].priority - place
}

/** The queue that carries a stage of a request made on `platform`. */
export function queueOf(stage: StageName, platform: string): QueueName {
  return stage === 'delivery' ? (`delivery-${platform}` as QueueName) : stage
}

export function stageOf(queue: QueueName): StageName {
  return queue.startsWith('delivery-') ? 'delivery' : (queue as StageName)
}

/** Retries are counted by us: pg-boss's own limit stands far above whatever crashes, deploys and postponed jobs come to. */
export const RETRY_LIMIT = 1_000_000

/** What pg-boss is told about every queue. */
export const QUEUE_OPTIONS = {
  policy: 'exclusive',
  notify: true,
  retryLimit: RETRY_LIMIT,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 30,
  heartbeatSeconds: 10,
  // A hung tool is ended by its stall limit; this only has to be longer than any healthy run. pg-boss allows under 24 h.
  expireInSeconds: 23 * 3600,
  retentionSeconds: 14 * 86400,
  deleteAfterSeconds: 7 * 86400,
} as const

export const WORK_OPTIONS = {
  pollingIntervalSeconds: 2,
  notifyPollingIntervalSeconds: 2,
  heartbeatRefreshSeconds: 2,
  includeMetadata: true,
  perJobResults: true,
} as const
