// The picture that came with the song, where it is one that every browser shows.
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Files, StoredFile } from '../../files/files.ts'
import type { Results } from '../../store/results.ts'
import type { DownloadResult } from '../../tools/protocol.ts'

/** Of which the type can be told. */
const SIGN_BYTES = 12

export async function coverOf(
  files: Files,
  { downloaded }: Results,
): Promise<(StoredFile & { type: string }) | undefined> {
  const cover = (downloaded?.result as DownloadResult | undefined)?.cover
  const file = downloaded && cover ? await files.find(join(downloaded.folder, cover)) : undefined
  const type =
    file && imageType(await buffer(file.read({ from: 0, bytes: Math.min(file.bytes, SIGN_BYTES) })))
  return file && type ? { ...file, type } : undefined
}

/** What it is by its first bytes, whatever it says to be. */
function imageType(bytes: Buffer): string | undefined {
  const at = (from: number, text: string) => bytes.toString('latin1', from, from + text.length) === text
  if (at(0, '\xff\xd8\xff')) return 'image/jpeg'
  if (at(0, '\x89PNG\r\n\x1a\n')) return 'image/png'
  return at(0, 'RIFF') && at(8, 'WEBP') ? 'image/webp' : undefined
}
