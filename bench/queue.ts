// The job queue against pg-boss as it comes, graphile-worker and BullMQ, in one run.
import { QUEUES } from '../src/queue/queues.ts'
import { packageVersion } from './machine.ts'
import { claimToStart } from './queue-claim.ts'
import { type EngineKind, ours, pgBossDefaults } from './queue-engine.ts'
import { backlogGaps, rates, startLatencies } from './queue-measures.ts'
import { findPeers } from './queue-peers.ts'
import { goal, ms, printTable, quantile } from './table.ts'
import { serverVersion, type Workplace } from './workplace.ts'

const LATENCY_SECONDS = 100
const BACKLOG = 50
const JOB_MS = 20
const WORKERS = QUEUES.download.concurrency

export async function benchQueue(place: Workplace): Promise<void> {
  const { peers, leftOut, versions } = await findPeers()
  const kinds = [ours, pgBossDefaults, ...peers]
  const named = [
    `pg-boss ${packageVersion('pg-boss')}`,
    ...versions,
    `PostgreSQL ${await serverVersion(await place.database('version'))}`,
  ]

  console.log(`Queue: sampling idle queues for ${LATENCY_SECONDS} s …`)
  // The defaults sleep two seconds between jobs: their backlog drains meanwhile, and costs nobody anything.
  const [latencies, slowGaps] = await Promise.all([
    Promise.all(
      kinds.map((kind) =>
        measure(place, kind, 'latency', (engine) => startLatencies(engine, LATENCY_SECONDS)),
      ),
    ),
    measure(place, pgBossDefaults, 'backlog', (engine) => backlogGaps(engine, BACKLOG, JOB_MS)),
  ])
  const rows: string[][] = []
  for (const [i, kind] of kinds.entries()) {
    const latency = latencies[i] ?? []
    const gaps =
      kind === pgBossDefaults
        ? slowGaps
        : await measure(place, kind, 'backlog', (engine) => backlogGaps(engine, BACKLOG, JOB_MS))
    const { sent, finished } = await measure(place, kind, 'rates', (engine) =>
      rates(engine, kind.jobs, WORKERS),
    )
    const spread = (samples: number[]) => [0.5, 0.99, 1].map((share) => ms(quantile(samples, share)))
    rows.push([
      kind.name,
      String(latency.length),
      ...spread(latency),
      ...spread(gaps),
      sent.toFixed(0),
      finished.toFixed(0),
    ])
  }
  const mine = latencies[0] ?? []
  printTable(
    `Queue: ${named.join(', ')}`,
    ['', 'samples', 'start p50 ms', 'p99', 'max', 'gap p50 ms', 'p99', 'max', 'sent/s', 'done/s'],
    rows,
    [
      'start: from handing the job over to its handler, idle queue, random arrivals, one worker, all engines at once; p99 of fewer than 100 samples is the largest',
      `gap: from the end of one job to the start of the next, ${BACKLOG} jobs of ${JOB_MS} ms, one worker`,
      `done/s: ${WORKERS} workers with nothing to do, one engine at a time; Redis as it was found, PostgreSQL with fsync`,
      goal('start p50 <= 10 ms, p99 <= 50 ms', quantile(mine, 0.5) <= 10 && quantile(mine, 0.99) <= 50),
      ...leftOut,
    ],
  )
  await benchClaim(place)
}

async function measure<T>(
  place: Workplace,
  kind: EngineKind,
  what: string,
  run: (engine: Awaited<ReturnType<EngineKind['open']>>) => Promise<T>,
) {
  const engine = await kind.open(place, `${what}_${kind.name.toLowerCase().replace(/\W/g, '_')}`)
  place.cleanup.defer(engine.close)
  return run(engine)
}

async function benchClaim(place: Workplace): Promise<void> {
  const { claimed, handled, started } = await claimToStart(place)
  const row = (name: string, samples: number[]) => [
    name,
    String(samples.length),
    ms(quantile(samples, 0.5)),
    ms(quantile(samples, 0.99)),
  ]
  printTable(
    'Queue: our whole way, from claim() on an idle worker',
    ['until', 'samples', 'p50 ms', 'p99'],
    [
      row('the claim is committed', claimed),
      row("the download's handler runs", handled),
      row('the download tool is asked', started),
    ],
  )
}
