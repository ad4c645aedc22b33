// The queues ours is compared with. Only the bench installs them, so their types are written down here as far as they are used.
import { createHash, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { execa } from 'execa'
import { packageVersion } from './machine.ts'
import type { EngineKind } from './queue-engine.ts'

const FOLDER = join(import.meta.dirname, 'peers')
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'

type Closing = { close(): Promise<unknown> }
type Redis = {
  connect(): Promise<void>
  info(section: string): Promise<string>
  disconnect(): void
  on(event: 'error', hear: () => void): void
}
type BullQueue = Closing & {
  add(name: string, data: { key: string }): Promise<unknown>
  obliterate(how: { force: true }): Promise<void>
}
type BullWorker = Closing & { waitUntilReady(): Promise<unknown> }
type BullJob = { data: { key: string } }
type Graphile = {
  run(options: object): Promise<{ stop(): Promise<void> }>
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>
    addJob(task: string, data: { key: string }): Promise<unknown>
    release(): Promise<void>
  }>
  Logger: new (make: () => () => void) => object
}

const load = <T>(name: string) => createRequire(join(FOLDER, 'package.json'))(name) as T

/** Installs what bench/peers/package-lock.json names, once. */
export async function installPeers(): Promise<void> {
  const stamp = join(FOLDER, 'node_modules/.installed') // npm ci removes it first
  const wanted = createHash('sha256')
    .update(await readFile(join(FOLDER, 'package-lock.json')))
    .digest('hex')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return
  console.log('Installing graphile-worker and BullMQ into bench/peers, for comparison.')
  const running = process.env['npm_execpath']
  const [file, ...args] = running?.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm']
  await execa(
    file ?? 'npm',
    [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: FOLDER },
  )
  await writeFile(stamp, wanted)
}

/** The peers that can run here, and a line for each that cannot. */
export async function findPeers(): Promise<{ peers: EngineKind[]; leftOut: string[]; versions: string[] }> {
  try {
    await installPeers()
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n')[0] || (error as Error).message
    return {
      peers: [],
      leftOut: [`graphile-worker and BullMQ left out: npm could not install them (${said})`],
      versions: [],
    }
  }
  const redis = await redisVersion()
  const graphile = `graphile-worker ${packageVersion('graphile-worker', FOLDER)}`
  if (!redis)
    return {
      peers: [graphileWorker],
      leftOut: [
        `BullMQ left out: no Redis answers at ${new URL(REDIS_URL).host} (set REDIS_URL to name another)`,
      ],
      versions: [graphile],
    }
  return {
    peers: [graphileWorker, bullmq],
    leftOut: [],
    versions: [graphile, `BullMQ ${packageVersion('bullmq', FOLDER)} on Redis ${redis}`],
  }
}

function openRedis(options: object): Redis {
  const { Redis } = load<{ Redis: new (url: string, options: object) => Redis }>('ioredis')
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null, ...options })
  redis.on('error', () => {})
  return redis
}

async function redisVersion(): Promise<string | undefined> {
  const redis = openRedis({ lazyConnect: true, connectTimeout: 500, retryStrategy: () => null })
  try {
    await redis.connect()
    const answer = await redis.info('server')
    return /redis_version:(\S+)/.exec(answer)?.[1]
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
}

const graphileWorker: EngineKind = {
  name: 'graphile-worker',
  jobs: 2000,
  async open(place, space) {
    const { run, makeWorkerUtils, Logger } = load<Graphile>('graphile-worker')
    const shared = { connectionString: await place.database(space), logger: new Logger(() => () => {}) }
    const utils = await makeWorkerUtils(shared)
    await utils.migrate()
    let runner: Awaited<ReturnType<Graphile['run']>> | undefined
    return {
      send: (key) => utils.addJob('job', { key }),
      async work(workers, handle) {
        const taskList = { job: ({ key }: { key: string }) => handle(key) }
        runner = await run({ ...shared, concurrency: workers, noHandleSignals: true, taskList })
      },
      async close() {
        await runner?.stop()
        await utils.release()
      },
    }
  },
}

const bullmq: EngineKind = {
  name: 'BullMQ',
  jobs: 2000,
  async open(_place, space) {
    const { Queue, Worker } = load<{
      Queue: new (name: string, options: object) => BullQueue
      Worker: new (name: string, handle: (job: BullJob) => Promise<void>, options: object) => BullWorker
    }>('bullmq')
    const connections = [openRedis({}), openRedis({})]
    const [sending, working] = connections
    const prefix = `sound-forge-bench-${randomUUID()}` // the Redis may be somebody's
    const queue = new Queue(space, { connection: sending, prefix })
    let worker: BullWorker | undefined
    return {
      send: (key) => queue.add('job', { key }),
      async work(workers, handle) {
        worker = new Worker(space, ({ data }) => handle(data.key), {
          connection: working,
          prefix,
          concurrency: workers,
        })
        await worker.waitUntilReady()
      },
      async close() {
        await worker?.close()
        await queue.obliterate({ force: true })
        await queue.close()
        for (const connection of connections) connection.disconnect()
      },
    }
  },
}
