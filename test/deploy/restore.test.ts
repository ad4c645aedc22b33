// The drill of docs/deploy.md, by its own commands: a band at work is backed up, everything is lost, and the database alone is restored.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { parseLink } from '../../src/domain/link.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { retryRequest } from '../../src/queue/retry.ts'
import { resultsAddress } from '../../src/store/results.ts'
import { resultsApp } from '../../src/web/results/app.ts'
import { startWebServer } from '../../src/web/server.ts'
import { deliverSong } from '../support/delivered.ts'
import { CLONE } from '../support/operations.ts'
import { findPostgres, startPostgres } from '../support/postgres.ts'
import { createWorld, type World } from '../support/world.ts'

const bin = findPostgres()
if (!bin)
  console.warn(
    'NO PG_DUMP: the drill of a restore is SKIPPED. Install a PostgreSQL server with its client programs.',
  )
const ANN = { platform: 'terminal', person: 'ann' }
const song = (name: string) => parseLink(`https://band.example/${name}.flac`)

describe.skipIf(!bin)('a backup of the database', async () => {
  if (!bin) return
  const postgres = await startPostgres(bin)
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-backup-'))
  afterAll(async () => {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const urlOf = (database: string) => postgres.url.replace(/postgres$/, database)
  const server = async (statement: string) => {
    const client = new pg.Client(postgres.url)
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  /** A command of the manual's. */
  const run = async (program: string, database: string) =>
    execFileSync('sh', ['-c', await commandOfManual(program)], {
      cwd: folder,
      env: { PATH: `${bin}:${process.env['PATH']}`, DATABASE_URL: urlOf(database) },
      stdio: 'pipe',
    })

  await server('create database before')
  const before = await createWorld({ DATABASE_URL: urlOf('before') })
  const delivered = await deliverSong(before)
  const path = await resultsAddress(before.services.db, delivered.id, new Date())
  const pageBefore = await pageOf(before, path)
  await before.script({
    separate: [
      { do: 'error', code: 'out_of_memory', retryable: false, message: 'It broke.' },
      { do: 'succeed', seconds: 600 },
    ],
  })
  const worker = before.worker()
  await worker.decided
  const failed = (await before.ask(song('failed'))).request
  await before.ended(failed)
  const running = (await before.ask(song('running'))).request
  await before.running(running.separationId, 'processing')
  await pauseQueues(before.services.db, 'download', ANN)
  const waiting = (await before.ask(song('waiting'))).request

  await run('pg_dump', 'before')
  const known = await requestsOf(before)
  await worker.stop(0)
  await before.services.close()
  await server('drop database before with (force)')
  await rm(before.settings.DATA_DIR, { recursive: true })

  await server('create database after')
  await run('pg_restore', 'after')
  const after = await createWorld({ DATABASE_URL: urlOf('after') })
  const { services, settings } = after
  const retry = (id: string) =>
    retryRequest({ ...services, maxOpenRequests: 40, doors: settings.SOURCES }, id)

  test('brings every request back as it was', async () => {
    expect(known.map(({ state }) => state)).toEqual(['delivered', 'failed', 'working', 'working'])
    expect(await requestsOf(after)).toEqual(known)
  })

  test('keeps addresses good that were given out; what they lead to is not there', async () => {
    expect(pageBefore.status).toBe(200)
    const page = await pageOf(after, path)
    expect([page.status, page.text]).toEqual([410, expect.stringContaining('files_gone')])
  })

  test('goes on where it was: a press on Retry brings back also the songs, and a paused queue stays paused', {
    timeout: 120_000,
  }, async () => {
    await after.script({})
    await after.worker().decided
    expect(await after.ended(running, 60)).toMatchObject({ state: 'failed', code: 'files_gone' })
    for (const { id } of [running, failed]) expect(await retry(id)).toBe(true)
    const working = { state: 'working' }
    expect(await requestsOf(after)).toMatchObject([{ state: 'delivered' }, working, working, working])
    await resumeQueues(services.db, 'download', ANN)
    for (const request of [running, failed, waiting])
      expect(await after.ended(request, 60)).toMatchObject({ state: 'ready' })
  })

  test('has what was delivered made again when it is asked for, under the next number', async () => {
    const [row] = await after.rows('select named from requests where id = $1', [delivered.id])
    const { request } = await after.ask(row?.['named'])
    expect(request.number).toBe(known.length + 1)
    expect(await after.ended(request, 60)).toMatchObject({ state: 'ready' })
  })
})

const requestsOf = (world: World) =>
  world.rows('select id, number::int, state, error_code, created_at from requests order by number')

async function pageOf(world: World, path: string): Promise<{ status: number; text: string }> {
  const { db, files } = world.services
  const page = resultsApp({ db, files, page: (context) => context.html('<p>the page</p>') })
  const server = await startWebServer({ host: '127.0.0.1', port: 0 }, [page], world.log)
  try {
    const answer = await fetch(`${server.url}${path}`)
    return { status: answer.status, text: await answer.text() }
  } finally {
    await server.stop()
  }
}

/** The one line of docs/deploy.md that runs this program. */
async function commandOfManual(program: string): Promise<string> {
  const lines = (await readFile(join(CLONE, 'docs/deploy.md'), 'utf8')).split('\n')
  const [line, ...others] = lines.filter((one) => one.startsWith(`    ${program} `))
  if (!line || others.length > 0)
    throw new Error(`docs/deploy.md has ${others.length + 1} lines with ${program}`)
  return line.trim()
}
