// Shows a stage's progress: at most twice a second, the newest value wins.
import type { Log } from '../log.ts'
import type { Attempt } from '../queue/attempt.ts'
import { stageOf } from '../queue/queues.ts'
import type { Database } from '../store/database.ts'
import { stageProgresses } from '../store/stages.ts'

const INTERVAL_MS = 500

export function reportProgress(
  { db, log, workerId }: { db: Database; log: Log; workerId: string },
  attempt: Attempt,
) {
  let next: { fraction: number; step: string | null } | undefined
  let writing: Promise<void> | undefined
  let pause: NodeJS.Timeout | undefined

  const write = () => {
    pause = undefined
    if (!next || writing) return
    const { fraction, step } = next
    next = undefined
    writing = stageProgresses(db, attempt.owner, stageOf(attempt.queue), workerId, fraction, step)
      .catch((error: unknown) => log.debug({ err: error }, 'progress could not be shown'))
      .finally(() => {
        writing = undefined
        pause = setTimeout(write, INTERVAL_MS)
      })
  }
  return {
    report: (fraction: number, step: string | null) => {
      next = { fraction, step }
      if (!pause) write()
    },
    /** Waits for the write under way; nothing is written after. */
    stop: async () => {
      next = undefined
      clearTimeout(pause)
      pause = setTimeout(() => {}, 0) // holds back a late report
      await writing
      clearTimeout(pause)
    },
  }
}
