// One embedded PostgreSQL for a whole test run, with a migrated template that each file's database is cloned from.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { createLog } from '../../src/log.ts'
import { startBoss } from '../../src/queue/boss.ts'
import { connect } from '../../src/store/database.ts'
import { openEmbedded } from '../../src/store/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string
  }
}

export const TEMPLATE = 'sound_forge_template'

export default async function setUp(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-test-'))
  await chmod(folder, 0o755) // as root, PostgreSQL's account has to pass
  const server = await openEmbedded({ dataDir: join(folder, 'postgres') })
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await admin.end()
  const url = new URL(server.url)
  url.pathname = TEMPLATE
  const log = createLog('silent')
  const db = connect(url.href, log)
  const boss = await startBoss(url.href, log)
  await migrate(db)
  await boss.stop({ graceful: false })
  await db.close()
  project.provide('serverUrl', server.url)
  return async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
