// The worker role, wired: the loops of the queues that this machine works, each running its stage's tool; graceful stop.
import { setTimeout as pause } from 'node:timers/promises'
import type { Chat } from './chat/chat.ts'
import { openChats } from './chat/chats.ts'
import { startCourier } from './chat/courier-role.ts'
import type { Settings } from './config.ts'
import type { Log } from './log.ts'
import { startLoops } from './queue/loops.ts'
import { type QueueName, queueOf, type StageName, stageOf } from './queue/queues.ts'
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
import { type Stage, type StageDeps, stageHandler } from './stages/stage.ts'
import { forgetCircuit } from './store/circuits.ts'
import { prune } from './store/pruning.ts'
import { namedFolders } from './store/stages.ts'
import { takeTurn } from './store/turns.ts'
import type { WorkerRow } from './store/workers.ts'
import { loadableModels } from './tools/models.ts'
import { createTools, type Tools } from './tools/tools.ts'

/** Folders that no row names are an attempt's that never landed, or an upload that is used up. */
const UNNAMED_SECONDS = 3600
const AGAIN_MS = 2000
/** So that the worker that swept last does not miss its own turn. */
const TURN_EARLY_SECONDS = 60
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
    // Who does not separate has none to offer, and need not have what it takes.
    models = works(settings, 'processing') ? loadableModels(settings) : Promise.resolve([]),
    chats = openChats(settings, services.db),
  }: { tools?: Tools; models?: ReturnType<typeof loadableModels>; chats?: Chat[] } = {},
): Worker {
  const leaving = new AbortController()
  const decided = Promise.withResolvers<void>()
  let work: { stop(graceSeconds: number): Promise<void> } | undefined
  const started = (async () => {
    const here = queuesHere(settings, chats)
    const machine = {
      machine: machineId(settings.DATA_DIR),
      models: await models,
      queues: Object.fromEntries(here.map(({ queue, limit }) => [queue, limit])),
    }
    while (!leaving.signal.aborted) {
      const lost = Promise.withResolvers<void>()
      const role = await holdWorkerRole(services.db, log, machine, leaving.signal, {
        onWait: decided.resolve,
        onLost: lost.resolve,
      })
      const worker = { id: role.id, ...machine }
      try {
        work = await runLoops(settings, services, log, tools, chats, here, worker)
      } catch (error) {
        // As when the database goes away just then: another process may take over, or this one in a moment.
        log.warn({ err: error }, 'the worker could not begin; it tries again')
        await role.release()
        await pause(AGAIN_MS, undefined, { signal: leaving.signal }).catch(() => {})
        continue
      }
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

function works(settings: Settings, stage: StageName): boolean {
  return settings.WORKER_QUEUES.includes(stage)
}

type Here = { queue: QueueName; limit: number; stage: Stage<{ trackId: string }> }

/** The queues that this machine works, and how much of each at once. */
function queuesHere(settings: Settings, chats: Chat[]): Here[] {
  const all: Here[] = [
    { queue: 'resolve', limit: settings.RESOLVE_CONCURRENCY, stage: resolve },
    { queue: 'download', limit: settings.DOWNLOAD_CONCURRENCY, stage: download(chats) },
    { queue: 'analysis', limit: settings.ANALYSIS_CONCURRENCY, stage: analysis },
    { queue: 'processing', limit: settings.PROCESSING_CONCURRENCY, stage: processing },
    // Where a platform's credentials are, its deliveries are made; a terminal and the room need none.
    ...(['terminal', 'room', ...chats] as const).map((place) => ({
      queue: queueOf('delivery', typeof place === 'string' ? place : place.platform),
      limit: settings.DELIVERY_CONCURRENCY,
      stage: delivery(place),
    })),
  ]
  return all.filter(({ queue }) => works(settings, stageOf(queue)))
}

async function runLoops(
  settings: Settings,
  { db, boss, files }: Services,
  log: Log,
  tools: Tools,
  chats: Chat[],
  here: Here[],
  worker: Pick<WorkerRow, 'id' | 'machine' | 'models'>,
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
    workerId: worker.id,
    models: worker.models,
    shutdown: shutdown.signal,
    running,
  }
  const loops = here.map(
    ({ queue, limit, stage }) => [queue, limit, stageHandler(queue, stage, deps)] as const,
  )
  if (works(settings, 'resolve') || works(settings, 'download'))
    await forgetCircuit(db, 'spotify', settings.SPOTIFY_CLIENT_ID ?? '')
  const cancels = await db.listen(CANCEL_CHANNEL, (jobId) => running.get(jobId)?.abort())
  // Elsewhere there need be no platform's credentials.
  const shown = works(settings, 'delivery') ? chats : []
  const couriers = shown.map((chat) => startCourier({ db, boss, files, log, chat }))
  const sweeps = startSweeps({ db, boss, files, log }, worker)
  const working = await startLoops({ db, boss, log }, loops)
  const pruneHistory = async () => {
    const pruned = await prune(db, settings.HISTORY_DAYS)
    if (Object.keys(pruned).length > 0) log.info(pruned, 'history was pruned')
  }
  const sweepFiles = async () => {
    // All that is stored is listed: once an hour for all workers.
    if (await takeTurn(db, 'files', UNNAMED_SECONDS - TURN_EARLY_SECONDS))
      await files.sweep((names) => namedFolders(db, names), UNNAMED_SECONDS)
  }
  const tidy = () =>
    void Promise.all([
      sweepFiles(),
      files.trim(),
      pruneHistory(),
      removeUnasked({ db, files }, settings.KEEP_DAYS),
    ]).catch((error: unknown) => log.warn({ err: error }, 'tidying up'))
  const tidying = setInterval(tidy, UNNAMED_SECONDS * 1000)
  tidy()
  const models = worker.models.map(({ name }) => name)
  log.info({ worker: worker.id, queues: here.map(({ queue }) => queue), models }, 'working')

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
