// A database of its own, services on it, and workers whose tools follow a script: what a test of the queue needs.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { Chat } from '../../src/chat/chat.ts'
import { readSettings, type Settings } from '../../src/config.ts'
import type { Resolved } from '../../src/domain/recording.ts'
import { fileSource, type Source } from '../../src/domain/source.ts'
import { createLog } from '../../src/log.ts'
import { claim } from '../../src/queue/claim.ts'
import type { StageName } from '../../src/queue/queues.ts'
import { openServices, type Services } from '../../src/services.ts'
import type { Asked, Request } from '../../src/store/requests.ts'
import { createTools } from '../../src/tools/tools.ts'
import { startWorker, type Worker } from '../../src/worker.ts'
import { MODELS, scriptedCommands } from './scripted.ts'
import { TEMPLATE } from './server.ts'
import { until } from './until.ts'

/** What the scripted tool does, call by call; the last action repeats. See scripted_tool.py. */
export type Action = {
  do: string
  seconds?: number
  bytes?: number
  title?: string
  code?: string
  retryable?: boolean
  retryAfterSeconds?: number
  message?: string
  found?: Resolved
  sound?: string
}
export type Script = Partial<Record<'resolve' | 'download' | 'analyze' | 'separate' | 'encode', Action[]>>

export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-world-'))
  const url = await createDatabase()
  const scriptDir = join(folder, 'script')
  await mkdir(scriptDir, { recursive: true })
  const settings = readSettings(
    {
      DATABASE_URL: url,
      DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
      STALL_SECONDS: '20',
      ...env,
    },
    folder,
  )
  const log = createLog(settings.LOG_LEVEL)
  const services = await openServices(settings, log, () => {})
  const workers: Worker[] = []
  const children: ChildProcess[] = []
  const closing: (() => Promise<unknown>)[] = []

  const world = {
    folder,
    url,
    settings,
    services,
    log,
    scriptDir,
    script: (script: Script) => writeFile(join(scriptDir, 'script.json'), JSON.stringify(script)),
    /** Where a file lies while the store is on this disk. */
    pathOf: (name: string) => join(settings.DATA_DIR, 'files', name),
    /** How often each tool was started on a request, in order. */
    calls: async () =>
      (await readFile(join(scriptDir, 'calls.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    worker: (more: { models?: typeof MODELS; chats?: Chat[]; settings?: Partial<Settings> } = {}) => {
      const tools = createTools(settings, scriptedCommands(scriptDir))
      const worker = startWorker({ ...settings, ...more.settings }, services, log, {
        tools,
        models: Promise.resolve(more.models ?? MODELS),
        ...(more.chats ? { chats: more.chats } : {}),
      })
      workers.push(worker)
      return worker
    },
    async ask(
      source: Source = newSong(),
      wish: Partial<Asked> & { platform?: string; person?: string; channel?: string; resumes?: boolean } = {},
    ) {
      const { platform = 'terminal', person = 'ann', channel = 'band', resumes = false, ...asked } = wish
      const content = source.kind === 'file' ? given.get(source.sha256) : undefined
      if (content) await services.files.takeStream(Readable.from([Buffer.from(content)]), content.length, 0)
      return claim(services, {
        interaction: {
          platform,
          app: platform,
          externalId: randomUUID(),
          person,
          workspace: '',
          channel,
        },
        source,
        asked: { model: 'auto', stems: [], format: 'mp3', ...asked },
        separate: true,
        resumes,
        message: null,
        maxOpenRequests: Number.POSITIVE_INFINITY,
      })
    },
    /** Waits until a stage of this owner runs and has shown progress. */
    running: (owner: string | null, stage: StageName) =>
      until(async () => {
        const stages = 'select 1 from stages where owner = $1 and stage = $2 and state = $3 and fraction > 0'
        return (await services.db.query(stages, [owner, stage, 'running'])).rows.length > 0
      }),
    ended: (request: Pick<Request, 'id'>, withinSeconds = 40) =>
      until(async () => {
        const row = await one(
          services,
          'select state, error_code as code, error_message as message from requests where id = $1',
          [request.id],
        )
        return row && row['state'] !== 'working'
          ? (row as { state: string; code: string | null; message: string | null })
          : undefined
      }, withinSeconds),
    /** A worker in a process of its own; resolves once it says whether it works or waits. */
    async workerProcess(more: Record<string, string> = {}): Promise<ChildProcess & { said: string }> {
      const script = join(import.meta.dirname, 'worker-process.ts')
      const child = spawn(process.execPath, [script, scriptDir], {
        env: {
          ...process.env,
          ...env,
          DATABASE_URL: url,
          DATA_DIR: settings.DATA_DIR,
          LOG_LEVEL: settings.LOG_LEVEL,
          STALL_SECONDS: '20',
          ...more,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      const [said] = (await once(child.stdout, 'data')) as [Buffer]
      return Object.assign(child, { said: said.toString().trim() })
    },
    rows: async (sql: string, values: unknown[] = []) => (await services.db.query(sql, values)).rows,
    onClose: (close: () => Promise<unknown>) => closing.push(close),
  }
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
    for (const child of children) child.kill('SIGKILL')
    for (const worker of workers) await worker.stop(0)
    await services.close()
    await rm(folder, { recursive: true, force: true })
  })
  return world
}

/** A database cloned from the migrated template. */
export async function createDatabase(): Promise<string> {
  const url = new URL(inject('serverUrl'))
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query(`create database ${name} template ${TEMPLATE}`)
  await admin.end()
  url.pathname = name
  return url.href
}

/** What lies in the songs that people give, by its checksum. */
const given = new Map<string, string>()

/** A file that somebody gives. */
export function newSong(): Source {
  const content = `the sound of ${randomUUID()}`
  const sha256 = createHash('sha256').update(content).digest('hex')
  given.set(sha256, content)
  return fileSource(sha256, 'Song.flac')
}

async function one(
  services: Services,
  sql: string,
  values: unknown[],
): Promise<Record<string, unknown> | undefined> {
  return (await services.db.query(sql, values)).rows[0]
}
