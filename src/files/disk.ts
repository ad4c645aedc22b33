// The file store on this machine's disk.
import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDiskFull, UserError } from '../errors.ts'
import { type Files, uploadName } from './files.ts'

/** Left free on the disk: the stems of the song need room too. */
const SPARE_BYTES = 64 * 1024 ** 2
/** What a file may take before room is looked for again; several come in at once. */
const LOOK_BYTES = 4 * 1024 ** 2

export function openDiskFiles(root: string): Files {
  const pathOf = (name: string) => join(root, name)
  const has = (name: string) =>
    stat(pathOf(name)).then(
      () => true,
      () => false,
    )
  const keep = async (from: Readable, maxBytes: number, expectedBytes: number) => {
    if (expectedBytes > maxBytes) throw tooLarge(maxBytes)
    await assertRoom(root, expectedBytes)
    const temporary = pathOf(`uploads/.${randomUUID()}`)
    await mkdir(dirname(temporary), { recursive: true })
    try {
      const written = await writeHashed(from, temporary, maxBytes, root)
      await rename(temporary, pathOf(uploadName(written.sha256)))
      return written
    } finally {
      await rm(temporary, { force: true })
    }
  }
  return {
    pathOf,
    has,
    async createFolder(owner, stage, attemptId) {
      const name = `${owner}/${stage}/${attemptId}`
      await mkdir(pathOf(name), { recursive: true })
      return { name, path: pathOf(name) }
    },
    remove: (name) => rm(pathOf(name), { recursive: true, force: true }),
    async takeUpload(path, maxBytes) {
      const { handle, bytes } = await openFile(path)
      try {
        const from = createReadStream('', { fd: handle.fd, autoClose: false })
        const { sha256 } = await keep(from, maxBytes, bytes)
        return { sha256, name: basename(path) }
      } finally {
        await handle.close()
      }
    },
    takeStream: keep,
    async sweep(isNamed, olderThanSeconds) {
      const found = [...(await foldersOf(root, 'uploads', 1)), ...(await attemptFolders(root))]
      const before = Date.now() - olderThanSeconds * 1000
      const isOld = async (name: string) => {
        const info = await stat(pathOf(name)).catch(() => undefined)
        return info !== undefined && info.mtimeMs < before
      }
      const old: string[] = []
      for (const name of found) if (await isOld(name)) old.push(name)
      const named = await isNamed(old)
      let removed = 0
      for (const name of old) {
        // Somebody may have given the same file again just now.
        if (named.has(name) || !(await isOld(name))) continue
        await rm(pathOf(name), { recursive: true, force: true })
        removed++
      }
      return removed
    },
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

/** @returns the checksum of what was written */
async function writeHashed(
  from: Readable,
  to: string,
  maxBytes: number,
  root: string,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  let roomUntil = 0
  const measure = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      if (bytes > roomUntil) {
        await assertRoom(root, 0)
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

async function assertRoom(root: string, bytes: number): Promise<void> {
  const disk = await statfs(root)
  if (disk.bavail * disk.bsize < bytes + SPARE_BYTES) throw new UserError('disk_full')
}

function tooLarge(maxBytes: number): UserError {
  const megabytes = Math.floor(maxBytes / 1024 ** 2)
  return new UserError(
    'too_large',
    `The file is larger than ${megabytes} MiB: give a smaller one or raise MAX_UPLOAD_BYTES.`,
  )
}

async function foldersOf(root: string, folder: string, depth: number): Promise<string[]> {
  const names = await readdir(join(root, folder)).catch(() => [])
  const found = names.map((name) => (folder ? `${folder}/${name}` : name))
  if (depth === 1) return found
  return (await Promise.all(found.map((name) => foldersOf(root, name, depth - 1)))).flat()
}

async function attemptFolders(root: string): Promise<string[]> {
  return (await foldersOf(root, '', 3)).filter((name) => !name.startsWith('uploads/'))
}
