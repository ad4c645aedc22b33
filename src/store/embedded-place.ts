// Which account runs the embedded server, and where its data lies. PostgreSQL refuses to run as root, so root's
// server runs as an unprivileged account, which must be able to reach both.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { linkTarget, noteOrigin, removeLeftovers } from './embedded-leftovers.ts'

/** Where root puts what the server's account could not reach otherwise. */
export const OPEN_FOLDER = '/var/lib/sound-forge-alchemy'

export type Account = { uid: number; gid: number }

/** The account to drop to; undefined when this process is not root's. */
export function serverAccount(dataDir: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (existsSync(dataDir)) {
    const { uid, gid } = statSync(dataDir)
    if (uid !== 0) return { uid, gid } // made before by, or for, this account
  }
  for (const name of ['postgres', 'nobody']) {
    try {
      const idOf = (option: string) =>
        Number(execFileSync('id', [option, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: idOf('-u'), gid: idOf('-g') }
    } catch {
      // there is no such account
    }
  }
  throw new UserError(
    'database_refused',
    'PostgreSQL does not run as root, and there is no account postgres or nobody: run this as an ordinary user, or set DATABASE_URL.',
  )
}

/** Whether an account may enter a folder and every folder above it, by their modes. */
export function mayEnter(account: Account | undefined, folder: string): boolean {
  if (account === undefined) return true
  for (let path = realpathSync(folder); ; path = dirname(path)) {
    const { uid, gid, mode } = statSync(path)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (path === dirname(path)) return true
  }
}

/**
 * The folder that holds the data: `dataDir` itself or, when the account cannot reach it, one below OPEN_FOLDER that
 * `dataDir` then links to. The link is made before the data: data without its link is left over, and is removed.
 * @param stopServer ends a server that still runs on left-over data
 */
export async function placeData(
  dataDir: string,
  account: Account | undefined,
  stopServer: (folder: string) => Promise<void>,
  onLine: (line: string) => void,
): Promise<string> {
  const parent = dirname(dataDir)
  mkdirSync(parent, { recursive: true })
  const target = linkTarget(dataDir)
  if (target === undefined && (existsSync(dataDir) || mayEnter(account, parent))) return dataDir
  const id = createHash('sha256')
    .update(join(realpathSync(parent), basename(dataDir)))
    .digest('hex')
    .slice(0, 16)
  const place = join(OPEN_FOLDER, id)
  const data = join(place, 'data')
  if (target !== undefined && target !== data) {
    mkdirSync(dirname(target), { recursive: true }) // a link of the person's own, or the clone was moved
    if (target.startsWith(OPEN_FOLDER + sep)) noteOrigin(dirname(target), dataDir)
    return target
  }
  if (target === undefined && existsSync(data)) {
    await stopServer(data)
    rmSync(data, { recursive: true, force: true })
  }
  mkdirSync(place, { recursive: true })
  if (target === undefined) {
    try {
      symlinkSync(data, dataDir)
      noteOrigin(place, dataDir)
      removeLeftovers(OPEN_FOLDER)
      onLine(`The database lies in ${data}, since its account cannot enter ${parent}.`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return data
}
