// What this machine has of the bucket's files: what its attempts made, and what its tools read. Up to a limit; what was not used for longest
// goes first, and nothing that an attempt of this process is using. Only the one process that has the machine's worker role trims it. Machines
// may share the disk: each has a folder of its own there.
import { randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { mkdir, readdir, rm, stat, statfs, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { unitOf } from './files.ts'

const MOST_BYTES = 10 * 1024 ** 3
const KEPT_MS = 24 * 3600_000
/** What is not in its place: half written, or being removed. */
const ASIDE = '.aside'

type Unit = { place: string; bytes: number; usedMs: number }

/**
 * @param folder of all machines that share the disk
 * @param mostBytes as much as half of the disk's room, if that is less
 */
export async function openCache(folder: string, mostBytes = MOST_BYTES) {
  const root = join(folder, hostname())
  /** How many attempts use what lies at a place. */
  const held = new Map<string, number>()
  // One level deep: there are no empty folders to be tidied up.
  const placeOf = (name: string) => join(root, unitOf(name).replaceAll('/', '.'))
  const pathOf = (name: string) => join(placeOf(name), name.slice(unitOf(name).length))
  const asideRoot = join(root, ASIDE)
  const own = { recursive: true, mode: 0o700 } as const
  /** On the same disk: one rename puts it in its place, or takes it away. */
  const aside = async () => {
    await mkdir(asideRoot, own)
    return join(asideRoot, randomUUID())
  }
  const removeOld = async (within: string) => {
    for (const unit of await unitsIn(within))
      if (isOld(unit)) await rm(unit.place, { recursive: true, force: true })
  }

  /** Taken away at once, so that nobody finds half of it. @returns false when it is in use */
  const drop = async (place: string) => {
    const away = await aside()
    // Asked last: nobody begins to use it in between.
    if (held.has(place)) return false
    try {
      renameSync(place, away)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    await rm(away, { recursive: true, force: true })
    return true
  }

  await mkdir(asideRoot, own)
  await removeOld(asideRoot)
  return {
    aside,
    pathOf,

    /** Keeps what lies there for a name, and all beside it, until it is let go. */
    hold(name: string): () => void {
      const place = placeOf(name)
      held.set(place, (held.get(place) ?? 0) + 1)
      return () => {
        const others = (held.get(place) ?? 0) - 1
        if (others > 0) held.set(place, others)
        else held.delete(place)
      }
    },

    /** Whether all of a file is here; it counts as used. Call with it held. */
    async has(name: string, bytes: number): Promise<boolean> {
      const info = await stat(pathOf(name)).catch(() => undefined)
      if (info?.size !== bytes) return false
      const now = new Date()
      await utimes(placeOf(name), now, now)
      return true
    },

    async makeFolder(name: string): Promise<string> {
      await mkdir(pathOf(name), own)
      return pathOf(name)
    },

    /** Puts a finished file in its place. */
    async put(from: string, name: string): Promise<string> {
      await mkdir(dirname(pathOf(name)), own)
      renameSync(from, pathOf(name))
      return pathOf(name)
    },

    remove: (name: string) => rm(pathOf(name), { recursive: true, force: true }),

    /** Brings it below its limit, and removes what nobody has used for a day; also what is left of a machine that went. */
    async trim(): Promise<void> {
      await mkdir(asideRoot, own)
      await removeOld(asideRoot)
      // Its own folder counts as used now.
      const now = new Date()
      await utimes(root, now, now)
      await removeOld(folder)
      const units = (await unitsIn(root)).filter(({ place }) => place !== asideRoot)
      let total = units.reduce((sum, { bytes }) => sum + bytes, 0)
      const disk = await statfs(root)
      const limit = Math.min(mostBytes, (disk.bavail * disk.bsize + total) / 2)
      for (const unit of units.sort((a, b) => a.usedMs - b.usedMs))
        if ((total > limit || isOld(unit)) && (await drop(unit.place))) total -= unit.bytes
    },
  }
}

function isOld({ usedMs }: Unit): boolean {
  return usedMs < Date.now() - KEPT_MS
}

async function unitsIn(folder: string): Promise<Unit[]> {
  const units: Unit[] = []
  for (const name of await readdir(folder)) {
    const place = join(folder, name)
    const within = await readdir(place).catch(() => [])
    const infos = await Promise.all(
      ['', ...within].map((file) => stat(join(place, file)).catch(() => undefined)),
    )
    const bytes = infos.reduce((sum, info) => sum + (info?.isFile() ? info.size : 0), 0)
    units.push({ place, bytes, usedMs: Math.max(...infos.map((info) => info?.mtimeMs ?? 0)) })
  }
  return units
}
