// What the file store is called, by every process that uses it: the bucket, or a name that lies in the folder itself, which several
// machines may share.
import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config.ts'

const NAME_FILE = '.store-name'

/** @param root this machine's folder of songs */
export async function storeName(settings: Pick<Settings, 'FILES'>, root: string): Promise<string> {
  return settings.FILES === 'disk' ? `disk ${await nameOfFolder(root)}` : settings.FILES.replace(/\/$/, '')
}

async function nameOfFolder(root: string): Promise<string> {
  const path = join(root, NAME_FILE)
  const known = await readFile(path, 'utf8').catch(() => undefined)
  if (known) return known
  const made = randomUUID()
  const whole = `${path}.${made}`
  await writeFile(whole, made)
  // Of two that make it at once, one does.
  await link(whole, path).catch(() => {})
  await rm(whole)
  return readFile(path, 'utf8')
}
