// A file of the store under its own name.
import { basename } from 'node:path'
import type { Files, StoredFile } from '../../files/files.ts'

export type NamedFile = StoredFile & { name: string }

/** @returns undefined where it is no longer there */
export async function storedFile(files: Files, file: string): Promise<NamedFile | undefined> {
  const found = await files.find(file)
  return found && { name: basename(file), ...found }
}
