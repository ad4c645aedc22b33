// The loops of a worker: as many a queue as its limit says, none while it is paused. A loop that has to go finishes its job first
// and counts until then, so that never more jobs run than the limit allows or were running already.
import type { PerJobWorkWithMetadataHandler } from 'pg-boss'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { CONTROL_CHANNEL, type QueueControl, readControls } from '../store/queue-controls.ts'
import type { Boss } from './boss.ts'
import { type QueueName, WORK_OPTIONS } from './queues.ts'

/** A queue with this machine's own limit, which counts while nobody has said another. */
export type WorkedQueue = readonly [
  queue: QueueName,
  concurrency: number,
  handler: PerJobWorkWithMetadataHandler<{ owner: string }>,
]
type Loop = { stop(): Promise<void> }

const READ_AGAIN_MS = 2000

/** Starts the loops as the controls say, and keeps them so. */
export async function startLoops(
  { db, boss, log }: { db: Database; boss: Boss; log: Log },
  worked: WorkedQueue[],
): Promise<{ stop(): Promise<void> }> {
  const loops = new Map(worked.map((each) => [each, new Set<Loop>()]))
  let controls = new Map<QueueName, QueueControl>()
  let stopped = false

  const fit = () => {
    for (const [each, running] of loops) {
      const [queue, concurrency] = each
      const control = controls.get(queue)
      const wanted = stopped || control?.paused ? 0 : (control?.concurrency ?? concurrency)
      // All of them, busy or not: each that ends makes room for a new one, as far as there is to be any.
      if (running.size > wanted) for (const loop of running) void loop.stop()
      while (running.size < wanted) running.add(open(each, running))
    }
  }
  const open = ([queue, , handler]: WorkedQueue, running: Set<Loop>): Loop => {
    const id = boss.work(queue, { ...WORK_OPTIONS, localConcurrency: 1 }, handler)
    id.catch((error: unknown) => log.error({ err: error, queue }, 'a loop could not start'))
    let ended: Promise<void> | undefined
    const end = async () => {
      await boss.offWork(queue, { id: await id, wait: true })
      running.delete(loop)
      fit()
    }
    const loop: Loop = {
      stop: () => {
        ended ??= end().catch((error: unknown) => log.warn({ err: error, queue }, 'a loop did not end'))
        return ended
      },
    }
    return loop
  }

  // One at a time, so that an older answer never comes after a newer one.
  let reading: Promise<void> = Promise.resolve()
  const read = async () => {
    try {
      const rows = await db.transaction(readControls)
      controls = new Map(rows.map((row) => [row.queue, row]))
      if (!stopped) fit()
    } catch (error) {
      if (stopped) return
      log.warn({ err: error }, 'the limits of the queues could not be read; trying again')
      setTimeout(readNext, READ_AGAIN_MS).unref()
    }
  }
  const readNext = () => {
    reading = reading.then(read)
  }
  // Reads at once, and again after a reconnect.
  const listener = await db.listen(CONTROL_CHANNEL, readNext)
  await reading

  return {
    stop: async () => {
      stopped = true
      await Promise.all([
        listener.close(),
        ...[...loops.values()].flatMap((set) => [...set]).map((loop) => loop.stop()),
      ])
    },
  }
}
