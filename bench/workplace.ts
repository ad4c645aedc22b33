// Where a part of the bench works: a temporary folder, with a PostgreSQL of its own when asked for. It all goes at the end.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../src/store/embedded.ts'

export type Workplace = {
  folder: string
  /** Undone in reverse order when the part has ended, well or not. */
  cleanup: AsyncDisposableStack
  /** Makes an empty database; the server is the embedded one that the project itself starts. */
  database(name: string): Promise<string>
}

export async function openWorkplace(): Promise<Workplace> {
  const cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-bench-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755) // as root, PostgreSQL's account has to pass
  let server: Promise<string> | undefined
  const start = async () => {
    const { url, close } = await openEmbedded({ dataDir: join(folder, 'postgres') })
    cleanup.defer(close)
    return url
  }
  return {
    folder,
    cleanup,
    async database(name) {
      server ??= start()
      const url = new URL(await server)
      const admin = new pg.Client({ connectionString: url.href })
      await admin.connect()
      await admin.query(`create database ${name}`)
      await admin.end()
      url.pathname = name
      return url.href
    },
  }
}

export async function serverVersion(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  await client.end()
  return rows[0]?.server_version.split(' ')[0] ?? ''
}
