// How far more workers get: the same work for each of 1, 2, 4 and 8, with tools that sleep, and with tools that are done at once.
import { pauseQueues, resumeQueues } from '../src/queue/control.ts'
import { QUEUES } from '../src/queue/queues.ts'
import { allEnd, askAll, BY, openBacklog } from './backlog.ts'
import { type Load, watchLoad } from './database-load.ts'
import { startFleet } from './fleet.ts'
import { benchGrowth } from './growth.ts'
import { processorSeconds } from './process-tree.ts'
import type { Seconds } from './sleeping-tools.ts'
import { ms, printTable, quantile, ratio } from './table.ts'
import { serverVersion, type Workplace } from './workplace.ts'

const WORKERS = [1, 2, 4, 8]
/** About as the real ones stand to each other. */
const SLEEPING: Seconds = { download: 0.3, analyze: 0.5, separate: 1.5, encode: 0.2 }
/** Of each worker: fifteen seconds of separation, two at once. */
const REQUESTS_EACH = 20
/** Of all together, where tools take no time. */
const REQUESTS_INSTANT = 240
const JOBS_A_REQUEST = 4

export async function benchScaling(place: Workplace): Promise<void> {
  const version = await serverVersion(await place.database('version'))
  await table(
    place,
    `Scaling: workers whose tools sleep, ${REQUESTS_EACH} requests for each, PostgreSQL ${version}`,
    {
      seconds: SLEEPING,
      requests: (workers) => workers * REQUESTS_EACH,
      notes: [
        `tools sleep: ${Object.entries(SLEEPING)
          .map(([name, seconds]) => `${name} ${seconds} s`)
          .join(
            ', ',
          )}; a request is ${JOBS_A_REQUEST} jobs; ${QUEUES.processing.concurrency} separations at once on each worker`,
        'busy: of the time of all separation slots, how much one was at work in them',
        'start: from a delivery being due, which nothing else holds up, to its start',
      ],
    },
  )
  await table(
    place,
    `Scaling: workers whose tools take no time, ${REQUESTS_INSTANT} requests for all together`,
    {
      seconds: {},
      requests: () => REQUESTS_INSTANT,
      notes: ['what bounds it is the processor, which workers and database share here'],
    },
  )
  await benchGrowth(place)
}

type Wish = { seconds: Seconds; requests: (workers: number) => number; notes: string[] }

async function table(place: Workplace, title: string, { seconds, requests, notes }: Wish): Promise<void> {
  const rows: string[][] = []
  let first: number | undefined
  for (const workers of WORKERS) {
    const run = await measure(place, workers, requests(workers), seconds)
    const perSecond = run.requests / run.seconds
    first ??= perSecond
    const { transactionsPerSecond, processorShare, lockWaits } = run.load
    rows.push([
      String(workers),
      String(run.requests),
      perSecond.toFixed(2),
      (perSecond * JOBS_A_REQUEST).toFixed(1),
      ratio(perSecond, first),
      `${(run.busy * 100).toFixed(0)} %`,
      ms(quantile(run.startsMs, 0.5)),
      ms(quantile(run.startsMs, 0.99)),
      transactionsPerSecond.toFixed(0),
      lockWaits.toFixed(2),
      processorShare.toFixed(2),
      run.processorShare.toFixed(2),
    ])
  }
  printTable(
    title,
    [
      'workers',
      'requests',
      'requests/s',
      'jobs/s',
      'speed-up',
      'busy',
      'start p50 ms',
      'p99',
      'transactions/s',
      'lock waits',
      'cores: database',
      'workers',
    ],
    rows,
    notes,
  )
}

type Run = {
  requests: number
  seconds: number
  busy: number
  startsMs: number[]
  load: Load
  processorShare: number
}

async function measure(place: Workplace, workers: number, requests: number, seconds: Seconds): Promise<Run> {
  const backlog = await openBacklog(place)
  const { services } = backlog
  try {
    await pauseQueues(services.db, undefined, BY)
    const fleet = await startFleet(place, backlog, workers, seconds)
    await askAll(services, requests)
    const endLoad = await watchLoad(services.db)
    const used = () => fleet.pids.reduce((sum, pid) => sum + processorSeconds(pid), 0)
    const usedBefore = used()
    const startedAt = performance.now()
    await resumeQueues(services.db, undefined, BY)
    await allEnd(services)
    const elapsed = (performance.now() - startedAt) / 1000
    const load = await endLoad()
    const processorShare = (used() - usedBefore) / elapsed
    await fleet.stop()
    const { rows } = await services.db.query<{ busy: number; starts: number[] }>(
      `select coalesce(sum(duration_ms) filter (where queue = 'processing' and kind = 'stop'), 0)::float8 / 1000 as busy,
         array_agg(queue_ms) filter (where queue like 'delivery-%' and kind = 'start') as starts from job_events`,
    )
    return {
      requests,
      seconds: elapsed,
      busy: (rows[0]?.busy ?? 0) / (elapsed * workers * QUEUES.processing.concurrency),
      startsMs: rows[0]?.starts ?? [],
      load,
      processorShare,
    }
  } finally {
    await services.close()
  }
}
