// What becomes slower as the history grows: everything that people or workers wait for, with an empty history and with a long one.
import { pauseQueues, resumeQueues } from '../src/queue/control.ts'
import { allEnd, askAll, BY, openBacklog } from './backlog.ts'
import { type Load, watchLoad } from './database-load.ts'
import { startFleet } from './fleet.ts'
import { JOBS_A_REQUEST, makeHistory } from './history.ts'
import { looksAt } from './looks.ts'
import { ms, printTable, quantile } from './table.ts'
import type { Workplace } from './workplace.ts'

const HISTORY_JOBS = 100_000
const SAMPLES = 50
/** Of one look, which then has fewer samples. */
const LONGEST_SECONDS = 10
const WORKERS = 2
const REQUESTS = 120
/** Under way while looks are timed. */
const WAITING = 50

type Measured = { name: string; p50: number; p99: number }

export async function benchGrowth(place: Workplace): Promise<void> {
  const empty = await measure(place, 0)
  const long = await measure(place, HISTORY_JOBS)
  printTable(
    `Scaling: a history of ${HISTORY_JOBS.toLocaleString('en')} jobs (${(HISTORY_JOBS / JOBS_A_REQUEST).toLocaleString('en')} requests) against none`,
    ['ms', 'none: p50', 'p99', 'long: p50', 'p99'],
    empty.looks.map(({ name, p50, p99 }, i) => {
      const other = long.looks[i]
      return [name, ms(p50), ms(p99), ms(other?.p50 ?? 0), ms(other?.p99 ?? 0)]
    }),
    [
      `${WORKERS} workers with tools that take no time: ${empty.jobsPerSecond.toFixed(0)} jobs/s, and ${long.jobsPerSecond.toFixed(0)} jobs/s with the history`,
      `rows read by scans meanwhile, a second: ${scans(empty.load)}; with the history: ${scans(long.load)}`,
      `looks are timed with ${WAITING} requests waiting; ${SAMPLES} samples each, fewer of what takes seconds`,
    ],
  )
}

function scans({ scanned }: Load): string {
  return scanned
    .slice(0, 6)
    .map(([table, rows]) => `${table} ${rows.toFixed(0)}`)
    .join(', ')
}

async function measure(place: Workplace, jobs: number) {
  const backlog = await openBacklog(place)
  const { services } = backlog
  const { db } = services
  try {
    if (jobs > 0) await makeHistory(db, jobs)
    await pauseQueues(db, undefined, BY)
    const fleet = await startFleet(place, backlog, WORKERS, {})
    await askAll(services, REQUESTS)
    const endLoad = await watchLoad(db)
    const startedAt = performance.now()
    await resumeQueues(db, undefined, BY)
    await allEnd(services)
    const jobsPerSecond = (REQUESTS * JOBS_A_REQUEST) / ((performance.now() - startedAt) / 1000)
    const load = await endLoad()
    await fleet.stop()

    await askAll(services, WAITING)
    const measured: Measured[] = []
    for (const { name, look } of await looksAt(backlog)) measured.push({ name, ...(await timed(look)) })
    return { looks: measured, jobsPerSecond, load }
  } finally {
    await services.close()
  }
}

async function timed(look: () => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  const samples: number[] = []
  const until = performance.now() + LONGEST_SECONDS * 1000
  for (let sample = -2; sample < SAMPLES && (sample < 1 || performance.now() < until); sample++) {
    const at = performance.now()
    await look()
    if (sample >= 0) samples.push(performance.now() - at)
  }
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) }
}
