// yt-dlp as it is installed. Its version is the day of its release, which tells how old it is.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const ENVIRONMENT = join(import.meta.dirname, '../../.venv/download')
const DAY_MILLISECONDS = 24 * 3600 * 1000

export type Downloader = { version: string; ageDays: number }

/** Its version and its age in days; undefined where it is not installed. Starts no process. */
export async function readDownloader(now = Date.now()): Promise<Downloader | undefined> {
  const libraries = join(ENVIRONMENT, 'lib')
  for (const python of await readdir(libraries).catch(() => [])) {
    const packages = await readdir(join(libraries, python, 'site-packages')).catch(() => [])
    for (const name of packages) {
      const version = /^yt_dlp-(.+)\.dist-info$/.exec(name)?.[1]
      if (version) return { version, ageDays: ageDays(version, now) }
    }
  }
  return undefined
}

/** Days since the release of a version such as 2026.8.19 or, made between releases, 2026.8.19.232911.dev0. */
export function ageDays(version: string, now: number): number {
  const [year = Number.NaN, month = 1, day = 1] = version.split('.').map(Number)
  return Math.floor((now - Date.UTC(year, month - 1, day)) / DAY_MILLISECONDS)
}
