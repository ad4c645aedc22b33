// The picture that came with the song, where it is one that every browser shows.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Files } from '../../files/files.ts'
import type { Results } from '../../store/results.ts'
import type { DownloadResult } from '../../tools/protocol.ts'
import { type StoredFile, storedFile } from './stored-file.ts'

export async function coverOf(
  files: Files,
  { downloaded }: Results,
): Promise<(StoredFile & { type: string }) | undefined> {
  const cover = (downloaded?.result as DownloadResult | undefined)?.cover
  const file = downloaded && cover ? await storedFile(files, join(downloaded.folder, cover)) : undefined
  const type = file && imageType(await beginning(file.path))
  return file && type ? { ...file, type } : undefined
}

/** What it is by its first bytes, whatever it says to be. */
function imageType(bytes: Buffer): string | undefined {
  const at = (from: number, text: string) => bytes.toString('latin1', from, from + text.length) === text
  if (at(0, '\xff\xd8\xff')) return 'image/jpeg'
  if (at(0, '\x89PNG\r\n\x1a\n')) return 'image/png'
  return at(0, 'RIFF') && at(8, 'WEBP') ? 'image/webp' : undefined
}

async function beginning(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
