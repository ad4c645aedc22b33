import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEmbedded } from '../../src/store/embedded.ts'

const isRoot = process.getuid?.() === 0
const children: ChildProcess[] = []
let folder = ''
let dataDir = ''

function openFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sfa-embedded-'))
  chmodSync(path, 0o755)
  return path
}

beforeEach(() => {
  folder = openFolder()
  dataDir = join(folder, 'postgres')
})

afterEach(async () => {
  for (const child of children.splice(0)) if (isRunning(child)) child.kill('SIGKILL')
  if (existsSync(join(dataDir, 'postmaster.pid'))) {
    const embedded = await openEmbedded({ dataDir })
    await expect.poll(async () => otherUsers(embedded.url)).toBe(0)
    await embedded.close()
  }
  const data = existsSync(dataDir) ? realpathSync(dataDir) : dataDir
  if (!data.startsWith(folder)) rmSync(dirname(data), { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null

/** Starts a process that uses the database, and waits for its address. */
async function startUser(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'embedded-user.ts'), dataDir], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  children.push(child)
  let problems = ''
  child.stderr.on('data', (text) => {
    problems += text
  })
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(problems))),
  ])
  return { child, url }
}

/** Lets a process leave as it should. */
async function endUser(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.stdin?.end()
  await exited
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

async function otherUsers(url: string): Promise<number> {
  const rows = await query<{ users: number }>(
    url,
    "select count(*)::int as users from pg_locks where locktype = 'advisory'",
  )
  return (rows[0]?.users ?? 0) - 1
}

const serverPid = () => Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
const hasStopped = () => !existsSync(join(dataDir, 'postmaster.pid'))

describe('the embedded database', { timeout: 60_000 }, () => {
  const made = join(openFolder(), 'postgres')
  beforeAll(async () => (await openEmbedded({ dataDir: made })).close(), 60_000)
  afterAll(() => rmSync(dirname(made), { recursive: true }))
  /** Begins with data that was made before, which saves seconds. */
  const beginWithData = () => execFileSync('cp', ['-a', made, dataDir])

  test('starts from nothing, listens on loopback only, keeps its data and stops', async () => {
    const first = await openEmbedded({ dataDir })
    await query(first.url, 'create table kept (n int); insert into kept values (7)')
    expect(await query(first.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    const wrong = new URL(first.url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
    expect(lstatSync(join(dataDir, 'alchemy.json')).mode & 0o777).toBe(0o600)
    await first.close()
    expect(hasStopped()).toBe(true)

    const second = await openEmbedded({ dataDir })
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
    await second.close()
  })

  test('is shared by processes and stopped by the last one', async () => {
    beginWithData()
    const first = await startUser()
    const second = await startUser()
    expect(second.url).toBe(first.url)
    await endUser(first.child)
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await endUser(second.child)
    expect(hasStopped()).toBe(true)
  })

  test('is made once by two that come at the same time', async () => {
    const [first, second] = await Promise.all([startUser(), startUser()])
    expect(second.url).toBe(first.url)
    await Promise.all([endUser(first.child), endUser(second.child)])
    expect(hasStopped()).toBe(true)
    expect(readdirSync(folder)).toEqual(['postgres'])
  })

  test('serves those who come while others go', async () => {
    beginWithData()
    for (let round = 0; round < 5; round += 1) {
      const leaving = await openEmbedded({ dataDir })
      const [, coming] = await Promise.all([
        leaving.close(),
        sleep(round * 15).then(() => openEmbedded({ dataDir })),
      ])
      expect(await query(coming.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await coming.close()
    }
    expect(hasStopped()).toBe(true)
  })

  test('is adopted after its user was killed', async () => {
    beginWithData()
    const killed = await startUser()
    await kill(killed.child)
    const pid = serverPid()
    const next = await startUser()
    expect(serverPid()).toBe(pid)
    await endUser(next.child)
    expect(hasStopped()).toBe(true)
  })

  test('recovers when everything was killed', async () => {
    beginWithData()
    const { child, url } = await startUser()
    await query(url, 'create table kept (n int); insert into kept values (7)')
    await kill(child)
    process.kill(serverPid(), 'SIGKILL')
    const next = await openEmbedded({ dataDir })
    expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }])
    await next.close()
  })

  test('comes back under its user when the server is killed, and is still shared', async () => {
    beginWithData()
    const embedded = await openEmbedded({ dataDir })
    process.kill(serverPid(), 'SIGKILL')
    await expect
      .poll(() => query(embedded.url, 'select 1 as one').catch(() => []), { timeout: 20_000 })
      .toHaveLength(1)
    await expect.poll(() => otherUsers(embedded.url)).toBe(0)
    const visitor = await startUser()
    await endUser(visitor.child)
    expect(await query(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await embedded.close()
    expect(hasStopped()).toBe(true)
  })

  test('takes another port when its own is in use', async () => {
    beginWithData()
    const first = await openEmbedded({ dataDir })
    await first.close()
    const { createServer } = await import('node:net')
    const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
    await once(squatter, 'listening')
    const second = await openEmbedded({ dataDir })
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(second.url).not.toBe(first.url)
    await second.close()
    squatter.close()
  })

  test.runIf(process.platform === 'linux')(
    'starts though the pid in a left-over pid file is a foreign process',
    async () => {
      await (await openEmbedded({ dataDir })).close()
      writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n0\n1\n\n127.0.0.1\n\n`)
      const embedded = await openEmbedded({ dataDir })
      await embedded.close()
    },
  )

  test('refuses data of another major version in one sentence', async () => {
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'PG_VERSION'), '14\n')
    await expect(openEmbedded({ dataDir })).rejects.toMatchObject({
      code: 'database_refused',
      message: expect.stringMatching(/made by PostgreSQL 14, and this is PostgreSQL 18/),
    })
  })

  // Only root's server runs as another account, which may be unable to enter a folder.
  test.runIf(isRoot)(
    'as root, keeps its data elsewhere when its account cannot enter the folder',
    async () => {
      chmodSync(folder, 0o700)
      const lines: string[] = []
      const first = await openEmbedded({ dataDir, onLine: (line) => lines.push(line) })
      expect(lines.join()).toMatch(/The database lies in \/var\/lib\/sound-forge-alchemy\//)
      expect(lstatSync(dataDir).isSymbolicLink()).toBe(true)
      await query(first.url, 'create table kept (n int)')
      await first.close()

      const second = await openEmbedded({ dataDir })
      expect(await query(second.url, 'select n from kept')).toEqual([])
      const data = realpathSync(dataDir)
      rmSync(dataDir) // as one who deletes .data to begin anew, while the server runs
      const third = await openEmbedded({ dataDir })
      expect(realpathSync(dataDir)).toBe(data)
      await expect(query(third.url, 'select n from kept')).rejects.toMatchObject({ code: '42P01' })
      await second.close()
      await third.close()
      expect(existsSync(join(data, 'postmaster.pid'))).toBe(false)
    },
  )
})
