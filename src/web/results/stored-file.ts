// A file of the store as it lies on the disk.
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Files } from '../../files/files.ts'

export type StoredFile = { name: string; path: string; bytes: number; modified: Date }

/** @param file relative to the file store. @returns undefined where it is no longer there */
export async function storedFile(files: Files, file: string): Promise<StoredFile | undefined> {
  const path = files.pathOf(file)
  const info = await stat(path).catch(() => undefined)
  return info?.isFile() ? { name: basename(file), path, bytes: info.size, modified: info.mtime } : undefined
}
