// One embedded PostgreSQL: makes its data folder, starts and stops it as a daemon, and connects to it. A killed or
// half-made server leaves nothing here that the next start cannot take as it is.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { UserError } from '../errors.ts'
import type { Binaries } from './embedded-binaries.ts'
import type { Account } from './embedded-place.ts'

export type Server = { data: string; binaries: Binaries; account: Account | undefined }

const ROLE = 'alchemy'
const HOST = '127.0.0.1'
const CONNECT_MS = 5_000
const STOP_SECONDS = 30
const POLL_MS = 20
const MAX_LOG_BYTES = 1024 ** 2
/** Independent of the host's locales: sorts by code point, knows Unicode's letters. */
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
const SETTINGS: Record<string, string | number> = {
  listen_addresses: HOST,
  unix_socket_directories: "''",
  // A process takes up to 25.
  max_connections: 300,
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  log_checkpoints: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: 0, // parallel workers need more shared memory than containers have
}

/** Lies in the data folder, so that it comes and goes with it. */
type Access = { password: string; port: number }
const accessFile = (data: string) => join(data, 'alchemy.json')
const logFile = (data: string) => join(data, 'server.log')
const pidFile = (data: string) => join(data, 'postmaster.pid')

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(
      'database_refused',
      `The database in ${dirname(path)} belongs to another account: run this as that account, set another DATA_DIR, or set DATABASE_URL.`,
      { cause: error },
    )
  }
}

function readAccess(data: string): Access {
  return JSON.parse(readText(accessFile(data)) ?? '{"password":"","port":0}')
}

/** The server's process. A file that is just being written, or names a group of processes, counts as none. */
function readPid(data: string): number | undefined {
  const pid = Number(readText(pidFile(data))?.split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : undefined
}

/** Ends with the program's exit code. Its output goes nowhere: a daemon would hold our pipes open. */
function run(server: Server, program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' }, // the server outlives us: no secret of ours in its environment
    stdio: 'ignore',
    ...server.account,
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** A port nobody listens on: the wanted one if it is free. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))))
    probe.listen(wanted, HOST, () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

export function isInitialised(data: string): boolean {
  return readText(join(data, 'PG_VERSION')) !== undefined
}

export function requireSameMajor({ data, binaries }: Server): void {
  const major = readText(join(data, 'PG_VERSION'))?.trim()
  if (major === undefined || major === binaries.major) return
  throw new UserError(
    'database_refused',
    `The database in ${data} was made by PostgreSQL ${major}, and this is PostgreSQL ${binaries.major}: move that folder away to begin anew, or set DATABASE_URL.`,
  )
}

/** Removes what killed initialisations left; their names tell whose they are. */
function removeUnfinished(data: string): void {
  const prefix = `${basename(data)}.new-`
  for (const name of readdirSync(dirname(data)).filter((entry) => entry.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split('-')[0])
    if (pid !== process.pid && !isAlive(pid))
      rmSync(join(dirname(data), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Makes the data folder under another name and renames it: it is complete or not there. */
export async function initialise(server: Server): Promise<void> {
  const { data, binaries, account } = server
  removeUnfinished(data)
  const unfinished = `${data}.new-${process.pid}-${randomBytes(4).toString('hex')}`
  const passwordFile = `${unfinished}.password`
  const password = randomBytes(24).toString('base64url')
  const give = (path: string) => account && chownSync(path, account.uid, account.gid)
  try {
    mkdirSync(unfinished, { mode: 0o700 })
    give(unfinished)
    writeFileSync(passwordFile, password, { mode: 0o600 })
    give(passwordFile)
    const code = await run(server, binaries.initdb, [
      ...[
        '-D',
        unfinished,
        '-U',
        ROLE,
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--no-instructions',
      ],
      ...LOCALE,
    ])
    if (code !== 0) {
      throw new UserError(
        'database_refused',
        `PostgreSQL could not make a database in ${dirname(data)}: check the free disk space and the rights of that folder, or set DATABASE_URL.`,
      )
    }
    const access: Access = { password, port: await freePort(0) }
    writeFileSync(accessFile(unfinished), JSON.stringify(access), { mode: 0o600 })
    give(accessFile(unfinished))
    try {
      renameSync(unfinished, data)
    } catch (error) {
      if (!isInitialised(data)) throw error // else another process was faster, and its folder serves both
    }
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/**
 * After a crash the pid in postmaster.pid may have gone to a foreign process, for which PostgreSQL would wait
 * forever. Only then is the file removed; a server's remains still in memory are detected without it.
 */
function removeForeignPid(data: string): void {
  const pid = readPid(data)
  try {
    if (
      pid !== undefined &&
      basename(readlinkSync(`/proc/${pid}/exe`)).replace(' (deleted)', '') !== 'postgres'
    )
      rmSync(pidFile(data))
  } catch {
    // no such process, not ours to see, or not Linux: PostgreSQL decides
  }
}

/** Starts the daemon; false when it did not start (another one may have, or its log says why). */
export async function start(server: Server): Promise<boolean> {
  const { data, binaries } = server
  removeForeignPid(data)
  const port = await freePort(readAccess(data).port)
  if ((statSync(logFile(data), { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES)
    truncateSync(logFile(data))
  const options = Object.entries({ ...SETTINGS, port }).map(([name, value]) => `-c ${name}=${value}`)
  const args = ['start', '-D', data, '-l', logFile(data), '-w', '-t', '60', '-o', options.join(' ')]
  return (await run(server, binaries.pgCtl, args)) === 0
}

/**
 * Stops a server that is known to run, ending its connections. Not by pg_ctl, which goes on waiting when another
 * process starts the next server at once.
 */
export async function stop({ data }: Server): Promise<void> {
  const pid = readPid(data)
  if (pid === undefined) return
  process.kill(pid, 'SIGINT') // PostgreSQL's "fast" shutdown
  const deadline = Date.now() + STOP_SECONDS * 1000
  while (readPid(data) === pid && Date.now() < deadline) await sleep(POLL_MS)
}

/** Why the server did not start, as its log says. */
export function lastLogLine(data: string): string {
  const lines = (readText(logFile(data)) ?? '').trim().split('\n')
  return lines.findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? lines.at(-1) ?? ''
}

export type Connection = { client: pg.Client; url: string }

/**
 * Connects to the server of this data folder.
 * @returns 'starting' while it starts or stops, undefined when none runs
 */
export async function connect(
  { data }: Server,
  database: string,
): Promise<Connection | 'starting' | undefined> {
  const port = Number(readText(pidFile(data))?.split('\n')[3])
  if (!port) return undefined
  const { password } = readAccess(data)
  const url = `postgres://${ROLE}:${password}@${HOST}:${port}`
  const client = new pg.Client({
    ...{
      user: ROLE,
      password,
      host: HOST,
      port,
      database,
      ssl: false,
      application_name: 'sound-forge-supervisor',
    },
    ...{ connectionTimeoutMillis: CONNECT_MS, keepAlive: true },
  })
  client.on('error', () => {}) // its loss is seen through 'end'
  try {
    await client.connect()
    const { rows } = await client.query<{ directory: string }>(
      "select current_setting('data_directory') as directory",
    )
    if (realpathSync(rows[0]?.directory ?? '/') === realpathSync(data)) return { client, url }
    await client.end() // the port went to the server of another folder
    return undefined
  } catch (error) {
    client.end().catch(() => {})
    return (error as { code?: string }).code?.startsWith('57P') ? 'starting' : undefined
  }
}
