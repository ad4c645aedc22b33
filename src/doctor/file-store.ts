// Whether there is room for songs and stems, and their store does what is wanted of it.
import { statfs } from 'node:fs/promises'
import type { Settings } from '../config.ts'
import { checkFiles } from '../files/check.ts'
import { bad, type Finding, good, note, setting } from '../findings.ts'

/** Below this an hour of stems may not fit. */
const LOW_DISK_BYTES = 5 * 1024 ** 3

export async function checkFileStore(settings: Settings): Promise<Finding[]> {
  const disk = await statfs(settings.DATA_DIR).catch(() => undefined)
  if (!disk) return [bad(`DATA_DIR ${settings.DATA_DIR} cannot be read`, setting('DATA_DIR', '.data'))]
  const free = disk.bavail * disk.bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${settings.DATA_DIR}`
  return [
    free < LOW_DISK_BYTES ? note(`${text}: little room for stems, free some space`) : good(text),
    ...(await checkFiles(settings)),
  ]
}
