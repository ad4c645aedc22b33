// The way a command really takes: claim, job, NOTIFY, handler, tool; with the whole worker up and its other queues idle.
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSettings } from '../src/config.ts'
import { fileSource } from '../src/domain/source.ts'
import { createLog } from '../src/log.ts'
import { openServices } from '../src/services.ts'
import { createTools, type Tools } from '../src/tools/tools.ts'
import { startWorker } from '../src/worker.ts'
import { MODELS, scriptedCommands } from '../test/support/scripted.ts'
import { ask, watchRequests } from './request.ts'
import type { Workplace } from './workplace.ts'

const SAMPLES = 40
const WARM_UP_SAMPLES = 3
const PAUSE_SECONDS = 2

/** Milliseconds from the call of claim() until it returned, until the download's handler ran, and until its tool was asked. */
export async function claimToStart(place: Workplace) {
  const scriptDir = join(place.folder, 'script')
  await mkdir(scriptDir)
  await writeFile(join(scriptDir, 'script.json'), '{}')
  const settings = readSettings(
    { DATABASE_URL: await place.database('claim'), DATA_DIR: join(place.folder, 'claim') },
    place.folder,
  )
  const log = createLog('silent')
  const services = await openServices(settings, log, () => {})
  place.cleanup.defer(() => services.close())

  let handledAt = 0
  let startedAt = 0
  const { boss } = services
  const work = boss.work.bind(boss) as (
    queue: string,
    options: object,
    handler: (jobs: object[]) => unknown,
  ) => Promise<string>
  const watched: typeof work = (queue, options, handler) =>
    work(queue, options, (jobs) => {
      if (queue === 'download') handledAt = performance.now()
      return handler(jobs)
    })
  Object.assign(boss, { work: watched })
  const scripted = createTools(settings, scriptedCommands(scriptDir))
  const tools: Tools = {
    ...scripted,
    run(name, request, options) {
      if (name === 'download') startedAt = performance.now()
      return scripted.run(name, request, options)
    },
  }
  const worker = startWorker(settings, services, log, { tools, models: Promise.resolve(MODELS) })
  place.cleanup.defer(() => worker.stop(0))
  await worker.decided
  const requests = await watchRequests(services.db)
  place.cleanup.defer(requests.close)

  const claimed: number[] = []
  const handled: number[] = []
  const started: number[] = []
  for (let sample = -WARM_UP_SAMPLES; sample < SAMPLES; sample++) {
    await sleep(Math.random() * PAUSE_SECONDS * 1000)
    const song = fileSource(randomUUID().replaceAll('-', '').repeat(2), 'Song.flac')
    const askedAt = performance.now()
    const request = await ask(services, song)
    const claimedAt = performance.now()
    await requests.untilReady(request)
    if (sample < 0) continue
    claimed.push(claimedAt - askedAt)
    handled.push(handledAt - askedAt)
    started.push(startedAt - askedAt)
  }
  return { claimed, handled, started }
}
