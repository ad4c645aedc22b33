// `npm run queue`: what /queue does, for whoever runs the machines. A drain is waited for.
import { setTimeout as sleep } from 'node:timers/promises'
import { changeQueues } from '../../../commands/queue.ts'
import { lookAtQueues, type QueueStanding } from '../../queue/control.ts'
import { countSignals } from '../../signals.ts'
import type { Database } from '../../store/database.ts'
import { liveWorkers } from '../../store/live-workers.ts'
import { personHere } from './person-here.ts'
import type { QueueArguments } from './queue-arguments.ts'
import { machinesLine, queueTable } from './queue-table.ts'
import { EXIT } from './separate.ts'

/** By then every worker has heard of the drain, and what one had taken just before has shown. */
const QUIET_MS = 3000
const LOOK_MS = 500

/** @returns the exit code */
export async function queueAtTerminal(args: QueueArguments, db: Database): Promise<number> {
  const { options, json } = args
  await changeQueues(db, options, { platform: 'terminal', person: personHere() })
  if (options.action === 'drain') return drain(args, db)
  const standings = await lookAtQueues(db, options.queue)
  const machines = await liveWorkers(db)
  if (json) {
    const about = machines.map(({ hostname, pid, queues }) => ({ hostname, pid, queues }))
    say({ event: 'queues', queues: standings, machines: about })
  } else {
    for (const line of queueTable(standings, new Date())) console.log(line)
    console.log(`\n${machinesLine(machines)}`)
  }
  return EXIT.delivered
}

async function drain({ options, json, waitSeconds }: QueueArguments, db: Database): Promise<number> {
  const left = new AbortController()
  const stopCounting = countSignals(() => left.abort())
  const tell = (event: string, running: number, sentence: string) =>
    json ? say({ event, running }) : console.log(sentence)
  const stays = 'No new job starts before `npm run queue -- resume`.'
  try {
    let told: string | undefined
    let quietSinceMs: number | undefined
    for (const startedMs = performance.now(); ; ) {
      const running = (await runningJobs(db, options.queue)).filter((standing) => standing.running > 0)
      const count = running.reduce((sum, standing) => sum + standing.running, 0)
      const nowMs = performance.now()
      quietSinceMs = count > 0 ? undefined : (quietSinceMs ?? nowMs)
      if (quietSinceMs !== undefined && nowMs - quietSinceMs >= QUIET_MS) {
        tell('drained', 0, `Drained: nothing runs any more. ${stays}`)
        return EXIT.delivered
      }
      const by = running.map((standing) => `${standing.queue} ${standing.running}`).join(', ')
      if (count > 0 && by !== told) tell('draining', count, `Draining: ${count} still running (${by})`)
      told = by
      if (left.signal.aborted) {
        tell('left', count, `The drain stays in force: ${count} still running. ${stays}`)
        return EXIT.interrupted
      }
      if (nowMs - startedMs > waitSeconds * 1000 && count > 0) {
        tell('late', count, `Still running after ${waitSeconds} s: ${by}. ${stays}`)
        return EXIT.failed
      }
      await sleep(LOOK_MS, undefined, { signal: left.signal }).catch(() => {})
    }
  } finally {
    stopCounting()
  }
}

/** Where no worker lives nothing runs, whatever the last one has left behind. */
async function runningJobs(
  db: Database,
  stage: QueueArguments['options']['queue'],
): Promise<QueueStanding[]> {
  return db.transaction(async (tx) => ((await liveWorkers(tx)).length > 0 ? lookAtQueues(tx, stage) : []))
}

function say(line: object): void {
  console.log(JSON.stringify(line))
}
