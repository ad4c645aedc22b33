// A PostgreSQL of the machine's own with its programs for people, such as pg_dump: the embedded one brings none.
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverAccount } from '../../src/store/embedded-place.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './operations.ts'

/** Debian keeps each major version apart; elsewhere they are on the path. */
const DEBIAN = '/usr/lib/postgresql'
const NEEDED = ['initdb', 'pg_ctl', 'createdb', 'dropdb', 'pg_dump', 'pg_restore']

/** The folder that has them all; undefined where there is none. */
export function findPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const onPath = findProgram('initdb')?.replace(/\/initdb$/, '')
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(onPath ? [onPath] : [])]
  return folders.find((folder) => NEEDED.every((program) => existsSync(join(folder, program))))
}

/** @param bin as findPostgres says @returns `url`: of its database postgres, whose owner may do anything */
export async function startPostgres(bin: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-postgres-'))
  const account = serverAccount(folder)
  if (account) chownSync(folder, account.uid, account.gid)
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(bin, program), args, { ...account, cwd: folder, stdio: 'pipe', timeout: 60_000 })
  const data = join(folder, 'data')
  const port = await freePort()
  run(
    'initdb',
    '--pgdata',
    data,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  )
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`
  run('pg_ctl', '--pgdata', data, '--log', join(folder, 'log'), '--options', options, '--wait', 'start')
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      run('pg_ctl', '--pgdata', data, '--mode=immediate', 'stop')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
