// Data folders that lie apart from their clone (see embedded-place.ts) outlive it. Each names the link that leads to
// it; one whose link has gone is removed when the next is made.
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'

/** A link may be away because its disk is not mounted today: only a temporary folder is known to be gone for good. */
const KEPT_DAYS = 30

/** Where a symbolic link leads; undefined for anything else. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined // nothing, or not a link
  }
}

const originFile = (place: string) => join(place, 'origin')

/** Notes which link leads to the data of a place. */
export function noteOrigin(place: string, link: string): void {
  writeFileSync(originFile(place), link)
}

function isRunning(data: string): boolean {
  try {
    process.kill(Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10), 0)
    return true
  } catch {
    return false
  }
}

function isLeftOver(place: string): boolean {
  const data = join(place, 'data')
  const origin = readFileSync(originFile(place), 'utf8')
  if (linkTarget(origin) === data || isRunning(data)) return false
  const ageDays = (Date.now() - statSync(existsSync(data) ? data : place).mtimeMs) / 86_400_000
  return origin.startsWith(tmpdir() + sep) || ageDays > KEPT_DAYS
}

export function removeLeftovers(openFolder: string): void {
  for (const name of readdirSync(openFolder)) {
    const place = join(openFolder, name)
    if (existsSync(originFile(place)) && isLeftOver(place)) rmSync(place, { recursive: true, force: true })
  }
}
