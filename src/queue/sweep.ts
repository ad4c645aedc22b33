// Every few seconds: the jobs of dead workers are sent again, and, by one process of all, every track that has work is settled.
import type { Log } from '../log.ts'
import { type Database, isPassing } from '../store/database.ts'
import { tracksWithWork } from '../store/requests.ts'
import { notifyCards } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import { takeTurn } from '../store/turns.ts'
import { deleteWorker, listWorkers, workerLockIsFree } from '../store/workers.ts'
import { type Attempt, resend } from './attempt.ts'
import type { Boss } from './boss.ts'
import type { LeadDeps } from './lead-on.ts'
import { reconcileTrack } from './settle.ts'

type Deps = LeadDeps & { db: Database; log: Log }

/** A lock free twice in a row, this far apart, means death: a worker whose connection dropped has taken it back by then. */
const RECONNECT_SECONDS = 2
const SWEEP_SECONDS = 3
/** A little less, so that the process that swept last does not miss its own turn. */
const TURN_SECONDS = 2.5
/** With more than these under way each is looked at less often, and a sweep stays short. */
const TRACKS_A_SWEEP = 200
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000'
/** From fetching a job to counting the attempt it takes milliseconds; whoever takes longer than this loses the job. */
const BEGIN_SECONDS = 3

/**
 * The first sweep is at once.
 * @param own given by the holder of a machine's worker role: every other worker of that machine is dead for certain
 */
export function startSweeps(deps: Deps, own?: { id: string; machine: string }) {
  const suspects = new Map<string, number>()
  let after = BEFORE_ALL
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  const sweep = async () => {
    try {
      await reapWorkers(deps, suspects, own)
      await resendUnbegun(deps.db, deps.boss)
      if (await takeTurn(deps.db, 'sweep', TURN_SECONDS)) after = await sweepTracks(deps, after)
    } catch (error) {
      deps.log.warn({ err: error }, 'a sweep did not finish; the next one goes on')
    }
    if (!stopped) timer = setTimeout(run, SWEEP_SECONDS * 1000)
  }
  const run = () => {
    running = sweep()
  }
  run()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/** Settles the next tracks that have work. @param after the one that the last sweep ended at @returns the one that this ended at */
export async function sweepTracks(deps: Deps, after: string): Promise<string> {
  const trackIds = await tracksWithWork(deps.db, after, TRACKS_A_SWEEP)
  for (const trackId of trackIds) {
    // One that cannot be settled keeps no other from it.
    await settleOne(deps, trackId).catch((error: unknown) => {
      if (isPassing(error)) throw error
      deps.log.error({ err: error, track: trackId }, 'a track could not be settled')
    })
  }
  return trackIds.length < TRACKS_A_SWEEP ? BEFORE_ALL : (trackIds.at(-1) ?? BEFORE_ALL)
}

async function settleOne(deps: LeadDeps & { db: Database }, trackId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await lockTrack(tx, trackId)
    if (await reconcileTrack(tx, deps, trackId)) await notifyCards(tx, trackId)
  })
}

async function reapWorkers(
  { db, boss, log }: Deps,
  suspects: Map<string, number>,
  own?: { id: string; machine: string },
) {
  for (const worker of await listWorkers(db)) {
    if (worker.id === own?.id) continue
    const free = await db.transaction((tx) => workerLockIsFree(tx, worker.id))
    if (!free) {
      suspects.delete(worker.id)
      continue
    }
    const since = suspects.get(worker.id) ?? Date.now()
    suspects.set(worker.id, since)
    const certain = worker.machine === own?.machine || Date.now() - since >= RECONNECT_SECONDS * 1000
    if (!certain) continue
    log.warn(
      { worker: worker.id, pid: worker.pid, host: worker.hostname },
      'a worker died; its jobs are sent again',
    )
    await resendJobsOf(db, boss, worker.id)
    await deleteWorker(db, worker.id)
    suspects.delete(worker.id)
  }
}

/** Gives back what a dead worker was doing. A crash is no attempt: attempts are counted from job_events. */
async function resendJobsOf(db: Database, boss: Boss, workerId: string) {
  await resendEach(db, boss, `s.worker_id = $1 and s.state = 'running'`, workerId)
}

/** Gives back what was fetched and not begun at once: its worker died in between, and no row says which one it was. */
async function resendUnbegun(db: Database, boss: Boss) {
  const where = `s.state in ('waiting', 'retrying') and j.started_on < now() - make_interval(secs => $1)`
  await resendEach(db, boss, where, BEGIN_SECONDS)
}

async function resendEach(db: Database, boss: Boss, where: string, value: unknown) {
  const { rows } = await db.query<Attempt>(
    `select s.track_id as "trackId", s.owner, s.queue, j.id, j.retry_count as "retryCount"
     from stages s join pgboss.job j on j.name = s.queue and j.id = s.job_id
     where j.state = 'active' and ${where}`,
    [value],
  )
  for (const attempt of rows) {
    await db.transaction(async (tx) => {
      await lockTrack(tx, attempt.trackId)
      await resend(tx, boss, attempt, 'its worker died')
    })
  }
}
