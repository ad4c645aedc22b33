// What a person at a terminal means: a file there, or else a link or words.
import { resolve } from 'node:path'
import { looksLikeLink } from '../../domain/link.ts'
import { parseSong } from '../../domain/parse-song.ts'
import { type FileSource, fileSource } from '../../domain/source.ts'
import { UserError } from '../../errors.ts'
import type { Files } from '../../files/files.ts'

/** Words have spaces, and no sign of a path or of a file's name. */
const WORDS = /^(?!.*(?:[\\/]|\.\w{2,4}$))\S+(?:\s+\S+)+$/su

/** @returns the file, taken in; null where the song is named in another way. @throws UserError */
export async function fileNamed(
  song: string,
  { files, cwd, maxUploadBytes }: { files: Files; cwd: string; maxUploadBytes: number },
): Promise<FileSource | null> {
  if (looksLikeLink(song)) return null
  try {
    const { sha256, name } = await files.takeUpload(resolve(cwd, song), maxUploadBytes)
    return fileSource(sha256, name)
  } catch (error) {
    const isMissing = error instanceof UserError && error.code === 'file_not_found'
    if (isMissing && (WORDS.test(song) || parseSong(song).kind !== 'search')) return null
    throw error
  }
}
