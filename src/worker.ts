// The worker role, wired: one loop a queue, each running its stage's tool; graceful stop.
import type { Chat } from './chat/chat.ts'
import { openChats } from './chat/chats.ts'
import { startCourier } from './chat/courier-role.ts'
import type { Settings } from './config.ts'
import type { Log } from './log.ts'
import { startLoops, type WorkedQueue } from './queue/loops.ts'
import { QUEUES, queueOf } from './queue/queues.ts'
import { holdWorkerRole, machineId } from './queue/role.ts'
import { CANCEL_CHANNEL } from './queue/settle.ts'
import { startSweeps } from './queue/sweep.ts'
import type { Services } from './services.ts'
import { analysis } from './stages/analysis.ts'
import { delivery } from './stages/delivery.ts'
import { download } from './stages/download.ts'
import { removeUnasked } from './stages/expiry.ts'
import { processing } from './stages/processing.ts'
import { resolve } from './stages/resolve.ts'
import { type StageDeps, stageHandler } from './stages/stage.ts'
import { forgetCircuit } from './store/circuits.ts'
import { pruneEvents } from './store/events.ts'
import { namedFolders } from './store/stages.ts'
import { loadableModels } from './tools/models.ts'
import { createTools, type Tools } from './tools/tools.ts'

/** Folders that no row names are an attempt's that never landed, or an upload that is used up. */
const UNNAMED_SECONDS = 3600
/** Time the tools have to end after a stop that does not wait for them. */
const RELEASE_SECONDS = 5

export type Worker = {
  /** Whether this process has the worker role; false while it waits for another process of this machine to go. */
  readonly working: boolean
  /** Settled once it is known who works: this process, or the one that it waits for. */
  decided: Promise<void>
  /** Stops taking jobs, gives running ones `graceSeconds` to finish, gives the rest back. */
  stop(graceSeconds: number): Promise<void>
}

export function startWorker(
  settings: Settings,
  services: Services,
  log: Log,
  {
    tools = createTools(settings),
    models = loadableModels(settings),
    chats = openChats(settings, services.db),
  }: { tools?: Tools; models?: ReturnType<typeof loadableModels>; chats?: Chat[] } = {},
): Worker {
  const leaving = new AbortController()
  const decided = Promise.withResolvers<void>()
  let work: { stop(graceSeconds: number): Promise<void> } | undefined
  const started = (async () => {
    const known = await models
    while (!leaving.signal.aborted) {
      const lost = Promise.withResolvers<void>()
      const role = await holdWorkerRole(services.db, log, known, leaving.signal, {
        onWait: decided.resolve,
        onLost: lost.resolve,
      })
      work = await runLoops(settings, services, log, tools, chats, role.id, known)
      decided.resolve()
      const left = new Promise<void>((resolve) => {
        leaving.signal.addEventListener('abort', () => resolve(), { once: true })
        // It may have been stopped while it was taking over.
        if (leaving.signal.aborted) resolve()
      })
      await Promise.race([lost.promise, left])
      if (leaving.signal.aborted) return role
      await work.stop(0)
      work = undefined
      await role.release()
    }
    return undefined
  })()
  started.catch((error: unknown) => {
    if (!leaving.signal.aborted) log.error({ err: error }, 'the worker could not start')
    decided.reject(error)
  })
  decided.promise.catch(() => {})

  return {
    get working() {
      return work !== undefined
    },
    decided: decided.promise,
    async stop(graceSeconds) {
      leaving.abort()
      const role = await started.catch(() => undefined)
      await work?.stop(graceSeconds)
      await tools.close()
      await role?.release()
    },
  }
}

async function runLoops(
  settings: Settings,
  { db, boss, files }: Services,
  log: Log,
  tools: Tools,
  chats: Chat[],
  workerId: string,
  models: StageDeps['models'],
) {
  const shutdown = new AbortController()
  const running: StageDeps['running'] = new Map()
  const deps: StageDeps = {
    db,
    boss,
    files,
    tools,
    settings,
    log,
    workerId,
    models,
    shutdown: shutdown.signal,
    running,
  }
  const loops: WorkedQueue[] = [
    ['resolve', QUEUES.resolve.concurrency, stageHandler('resolve', resolve, deps)],
    ['download', settings.DOWNLOAD_CONCURRENCY, stageHandler('download', download(chats), deps)],
    ['analysis', settings.ANALYSIS_CONCURRENCY, stageHandler('analysis', analysis, deps)],
    ['processing', settings.PROCESSING_CONCURRENCY, stageHandler('processing', processing, deps)],
    // Where a platform's credentials are, its deliveries are made; a terminal and the room need none.
    ...(['terminal', 'room', ...chats] as const).map((place): WorkedQueue => {
      const queue = queueOf('delivery', typeof place === 'string' ? place : place.platform)
      return [queue, QUEUES[queue].concurrency, stageHandler(queue, delivery(place), deps)]
    }),
  ]
  await forgetCircuit(db, 'spotify', settings.SPOTIFY_CLIENT_ID ?? '')
  const cancels = await db.listen(CANCEL_CHANNEL, (jobId) => running.get(jobId)?.abort())
  const couriers = chats.map((chat) => startCourier({ db, boss, files, log, chat }))
  const sweeps = startSweeps({ db, boss, files, log }, { id: workerId, machine: machineId() })
  const working = await startLoops({ db, boss, log }, loops)
  const tidy = () =>
    void Promise.all([
      files.sweep((names) => namedFolders(db, names), UNNAMED_SECONDS),
      pruneEvents(db),
      removeUnasked({ db, files }, settings.KEEP_DAYS),
    ]).catch((error: unknown) => log.warn({ err: error }, 'tidying up'))
  const tidying = setInterval(tidy, UNNAMED_SECONDS * 1000)
  tidy()
  log.info({ worker: workerId, models: models.map((model) => model.name) }, 'working')

  return {
    async stop(graceSeconds: number) {
      clearInterval(tidying)
      const ended = working.stop()
      const release = setTimeout(() => shutdown.abort(), graceSeconds * 1000)
      await Promise.race([
        ended,
        new Promise((resolve) => setTimeout(resolve, (graceSeconds + RELEASE_SECONDS) * 1000).unref()),
      ])
      clearTimeout(release)
      await Promise.all(couriers.map((courier) => courier.stop()))
      await sweeps.stop()
      await cancels.close()
    },
  }
}
