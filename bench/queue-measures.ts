// The three measures of a job queue: how soon a job starts, how soon the next one does, how many there are a second.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from './queue-engine.ts'

const PAUSE_SECONDS = 2
const WARM_UP_SAMPLES = 3
const IN_FLIGHT = 20

/**
 * Milliseconds from handing a job over to the start of its handler, on an idle queue with one worker. The pause before each
 * job is random, up to pg-boss's polling interval, so that jobs arrive at every phase of it.
 */
export async function startLatencies(engine: Engine, seconds: number): Promise<number[]> {
  const waiting = new Map<string, (startedAt: number) => void>()
  await engine.work(1, async (key) => waiting.get(key)?.(performance.now()))
  const samples: number[] = []
  const end = performance.now() + seconds * 1000
  for (let sample = -WARM_UP_SAMPLES; sample < 1 || performance.now() < end; sample++) {
    await sleep(Math.random() * PAUSE_SECONDS * 1000)
    const key = randomUUID()
    const started = new Promise<number>((resolve) => waiting.set(key, resolve))
    const sentAt = performance.now()
    await engine.send(key)
    const latency = (await started) - sentAt
    waiting.delete(key)
    if (sample >= 0) samples.push(latency)
  }
  return samples
}

/** Milliseconds from the end of one handler to the start of the next, with one worker and a backlog of short jobs. */
export async function backlogGaps(engine: Engine, jobs: number, jobMs: number): Promise<number[]> {
  for (let i = 0; i < jobs; i++) await engine.send(randomUUID())
  const gaps: number[] = []
  const done = Promise.withResolvers<void>()
  let endedAt: number | undefined
  await engine.work(1, async () => {
    if (endedAt !== undefined) gaps.push(performance.now() - endedAt)
    await sleep(jobMs)
    endedAt = performance.now()
    if (gaps.length === jobs - 1) done.resolve()
  })
  await done.promise
  return gaps
}

/** Jobs a second: taken in, one by one with twenty under way; then finished by workers that have nothing to do. */
export async function rates(
  engine: Engine,
  jobs: number,
  workers: number,
): Promise<{ sent: number; finished: number }> {
  let left = jobs
  const sendAll = async () => {
    while (left-- > 0) await engine.send(randomUUID())
  }
  const sendingAt = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendAll))
  const workingAt = performance.now()
  const done = Promise.withResolvers<void>()
  let finished = 0
  await engine.work(workers, async () => {
    if (++finished === jobs) done.resolve()
  })
  await done.promise
  const perSecond = (ms: number) => (jobs / ms) * 1000
  return { sent: perSecond(workingAt - sendingAt), finished: perSecond(performance.now() - workingAt) }
}
