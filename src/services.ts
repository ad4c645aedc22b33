// What every role stands on: the database, migrated; the job queue; the file store.
import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from './config.ts'
import { isDiskFull, UserError } from './errors.ts'
import type { Files } from './files/files.ts'
import { openFiles } from './files/open.ts'
import type { Log } from './log.ts'
import { type Boss, startBoss } from './queue/boss.ts'
import { assertReachable, connect, type Database } from './store/database.ts'
import { openEmbedded } from './store/embedded.ts'
import { migrate } from './store/migrate.ts'
import { holdFileStore } from './store/one-file-store.ts'

export type Services = { db: Database; boss: Boss; files: Files; close(): Promise<void> }

/** @param onLine hears one line about a step that takes a while */
export async function openServices(
  settings: Settings,
  log: Log,
  onLine: (line: string) => void,
): Promise<Services> {
  const files = await openFiles(settings, await makeFolders(settings.DATA_DIR))
  const server = settings.DATABASE_URL
    ? { url: settings.DATABASE_URL, close: async () => {} }
    : await openEmbedded({ dataDir: join(settings.DATA_DIR, 'postgres'), onLine })
  const db = connect(server.url, log)
  const undo: (() => Promise<unknown>)[] = [() => files.close(), () => server.close(), () => db.close()]
  const close = async () => {
    for (const each of undo.splice(0).reverse())
      await each().catch((error: unknown) => log.warn({ err: error }, 'closing'))
  }
  try {
    await assertReachable(db)
    // pg-boss first: our migrations may look at its tables.
    const boss = await startBoss(server.url, log)
    undo.push(() => boss.stop({ graceful: true, timeout: 5_000 }))
    await migrate(db)
    return { db, boss, files, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The same for a process that keeps or reads songs.
 * @throws UserError `files_unavailable` where other processes of the database keep them elsewhere
 */
export async function openServicesForSongs(...given: Parameters<typeof openServices>): Promise<Services> {
  const services = await openServices(...given)
  try {
    const { release } = await holdFileStore(services.db, services.files.name)
    return { ...services, close: () => release().then(services.close) }
  } catch (error) {
    await services.close()
    throw error
  }
}

/**
 * Makes DATA_DIR and its folder of songs. The songs are for their owner alone; the folder around them may be passed through, as
 * PostgreSQL's account has to when we are root.
 * @returns the folder of songs
 * @throws UserError `bad_settings` or `disk_full`
 */
export async function makeFolders(dataDir: string): Promise<string> {
  const root = join(dataDir, 'files')
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o711 })
    await mkdir(root, { recursive: true, mode: 0o700 })
    await access(root, constants.W_OK)
    return root
  } catch (error) {
    if (isDiskFull(error)) throw new UserError('disk_full')
    throw new UserError('bad_settings', `DATA_DIR ${dataDir} cannot be written: name another folder.`)
  }
}
