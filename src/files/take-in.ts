// A file that comes in from outside, onto this machine's disk: within its limits, with its checksum.
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDiskFull, UserError } from '../errors.ts'
import type { Files } from './files.ts'

/** Left free on the disk: the stems of the song need room too. */
const SPARE_BYTES = 64 * 1024 ** 2
/** What a file may take before room is looked for again; several come in at once. */
const LOOK_BYTES = 4 * 1024 ** 2

/**
 * A file of this machine, taken in as a stream is.
 * @throws UserError as `takeStream` does, and `file_not_found`, `file_unreadable`, `not_a_file`
 */
export async function takeFile(
  path: string,
  maxBytes: number,
  takeStream: Files['takeStream'],
): Promise<{ sha256: string; name: string }> {
  const { handle, bytes } = await openFile(path)
  try {
    const from = createReadStream('', { fd: handle.fd, autoClose: false })
    const { sha256 } = await takeStream(from, maxBytes, bytes)
    return { sha256, name: basename(path) }
  } finally {
    await handle.close()
  }
}

/** Opened without blocking, so that a pipe nobody writes to is refused instead of waited for. */
async function openFile(path: string): Promise<{ handle: FileHandle; bytes: number }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG'
        ? new UserError('file_not_found')
        : new UserError('file_unreadable')
    },
  )
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw new UserError('not_a_file')
    return { handle, bytes: info.size }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * @param to a new file, which is there by half when this throws
 * @throws UserError `empty_file`, `too_large`, `disk_full`; the stream's own error
 */
export async function takeIn(
  from: Readable,
  to: string,
  { maxBytes, expectedBytes }: { maxBytes: number; expectedBytes: number },
): Promise<{ sha256: string; bytes: number }> {
  if (expectedBytes > maxBytes) throw tooLarge(maxBytes)
  await assertRoom(to, expectedBytes)
  const hash = createHash('sha256')
  let bytes = 0
  let roomUntil = 0
  const measure = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      if (bytes > roomUntil) {
        await assertRoom(to, 0)
        roomUntil = bytes + LOOK_BYTES
      }
      hash.update(chunk)
      yield chunk
    }
    if (bytes === 0) throw new UserError('empty_file')
  }
  try {
    const target = await open(to, 'wx', 0o600)
    await pipeline(from, measure, target.createWriteStream({ flush: true }))
    return { sha256: hash.digest('hex'), bytes }
  } catch (error) {
    if (isDiskFull(error)) throw new UserError('disk_full', undefined, { cause: error })
    throw error
  }
}

async function assertRoom(path: string, bytes: number): Promise<void> {
  const disk = await statfs(dirname(path))
  if (disk.bavail * disk.bsize < bytes + SPARE_BYTES) throw new UserError('disk_full')
}

function tooLarge(maxBytes: number): UserError {
  const megabytes = Math.floor(maxBytes / 1024 ** 2)
  return new UserError(
    'too_large',
    `The file is larger than ${megabytes} MiB: give a smaller one or raise MAX_UPLOAD_BYTES.`,
  )
}
