// Files that people drop on the room: streamed to the file store, a few at a time.
import type { IncomingMessage } from 'node:http'
import { fileSource, type GivenFile } from '../../domain/source.ts'
import { UserError } from '../../errors.ts'
import { type Files, uploadName } from '../../files/files.ts'
import type { Queryable } from '../../store/database.ts'
import { trackOfSource } from '../../store/tracks.ts'
import { plainText } from '../foreign-text.ts'
import type { TakenFile } from './wire.ts'

/** Of all people together, and of one: each takes room on the disk before it is known to be of use. */
const MOST_AT_ONCE = 8
const MOST_OF_ONE = 3
/** An upload of which nothing comes for this long is given up. */
const SILENT_MS = 30_000
const LONGEST_NAME = 200
const TAKEN = /^([0-9a-f]{64})\/(.+)$/s

/** @throws UserError `too_many_uploads`, `too_large`, `empty_file` or `disk_full`; the connection's own error when it is lost */
export function takeUploads(files: Files, maxUploadBytes: number) {
  /** Whose each upload under way is. */
  const underWay: string[] = []
  return async (incoming: IncomingMessage, person: string, name: string): Promise<TakenFile> => {
    const own = underWay.filter((one) => one === person)
    if (underWay.length >= MOST_AT_ONCE || own.length >= MOST_OF_ONE) throw new UserError('too_many_uploads')
    underWay.push(person)
    const silent = () => incoming.destroy(new Error('nothing came for too long'))
    try {
      incoming.socket.setTimeout(SILENT_MS, silent)
      const expectedBytes = Number(incoming.headers['content-length'] ?? 0)
      const { sha256, bytes } = await files.takeStream(incoming, maxUploadBytes, expectedBytes)
      const shown = plainText(name, LONGEST_NAME) || 'song'
      return { file: `${sha256}/${shown}`, name: shown, bytes }
    } finally {
      underWay.splice(underWay.indexOf(person), 1)
      incoming.socket.setTimeout(0)
      incoming.socket.off('timeout', silent)
    }
  }
}

/** The file that a TakenFile's `file` stands for. @throws UserError `upload_gone` */
export async function takenFile(
  { db, files }: { db: Queryable; files: Files },
  file: string,
): Promise<GivenFile> {
  const [, sha256, name] = TAKEN.exec(file) ?? []
  if (!sha256 || !name) throw new UserError('upload_gone')
  const source = fileSource(sha256, plainText(name, LONGEST_NAME) || 'song')
  const isThere = (await files.has(uploadName(sha256))) || (await trackOfSource(db, source.key)) !== undefined
  if (!isThere) throw new UserError('upload_gone')
  return source
}
