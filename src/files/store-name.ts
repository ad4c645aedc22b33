// What the file store is called, by every process that uses it: where the bucket is, shortened, before what people call it; or a name
// that lies in the folder itself, which several machines may share.
import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config.ts'

const NAME_FILE = '.store-name'
/** Short, as the whole may be cut. */
const HASH_LENGTH = 8

/** @param root this machine's folder of songs */
export async function storeName(
  { FILES, AWS_ENDPOINT_URL }: Pick<Settings, 'FILES' | 'AWS_ENDPOINT_URL'>,
  root: string,
): Promise<string> {
  if (FILES === 'disk') return `disk ${await nameOfFolder(root)}`
  const bucket = FILES.replace(/\/$/, '')
  const endpoint = AWS_ENDPOINT_URL ? new URL(AWS_ENDPOINT_URL).href : ''
  const place = createHash('sha256').update(`${endpoint} ${bucket}`).digest('hex')
  return `${place.slice(0, HASH_LENGTH)} ${bucket}`
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
