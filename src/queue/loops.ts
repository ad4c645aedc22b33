// The loops of a worker: as many a queue as its limit says, none while it is paused or drained. A loop that has to go finishes its job
// first and counts until then, so that never more jobs run than the limit allows or were running already.
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

/** A notification may go astray, as where a gateway forgets a connection that is silent for long: then it takes this long to obey. */
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
      const isHeld = stopped || control?.paused || control?.draining
      const wanted = isHeld ? 0 : (control?.concurrency ?? concurrency)
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
  let timer: NodeJS.Timeout | undefined
  const read = async () => {
    try {
      const rows = await db.transaction(readControls)
      if (stopped) return
      for (const row of rows) if (isNews(row)) log.info(inLog(row), 'a queue is set so for all machines')
      controls = new Map(rows.map((row) => [row.queue, row]))
      fit()
    } catch (error) {
      if (!stopped) log.warn({ err: error }, 'the limits of the queues could not be read; trying again')
    } finally {
      clearTimeout(timer)
      if (!stopped) timer = setTimeout(readNext, READ_AGAIN_MS)
    }
  }
  const readNext = () => {
    reading = reading.then(read)
  }
  const isNews = (row: QueueControl) => {
    const known = controls.get(row.queue)
    if (known) return known.changedAt?.getTime() !== row.changedAt?.getTime()
    return row.paused || row.draining || row.concurrency !== null
  }
  // Reads at once, and again after a reconnect.
  const listener = await db.listen(CONTROL_CHANNEL, readNext)
  await reading

  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await Promise.all([
        listener.close(),
        ...[...loops.values()].flatMap((set) => [...set]).map((loop) => loop.stop()),
      ])
    },
  }
}

function inLog({ queue, paused, draining, concurrency, changedBy }: QueueControl) {
  const by = changedBy && `${changedBy.platform} ${changedBy.person}`
  return { queue, paused, draining, concurrency, by }
}
