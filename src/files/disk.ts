// The file store on this machine's disk.
import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDiskFull, UserError } from '../errors.ts'
import { type Files, uploadName } from './files.ts'

/** Left free on the disk: the stems of the song need room too. */
const SPARE_BYTES = 64 * 1024 ** 2

export function openDiskFiles(root: string): Files {
  const pathOf = (name: string) => join(root, name)
  const has = (name: string) =>
    stat(pathOf(name)).then(
      () => true,
      () => false,
    )
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
      const temporary = pathOf(`uploads/.${randomUUID()}`)
      await mkdir(dirname(temporary), { recursive: true })
      try {
        const sha256 = await copyHashed(path, temporary, maxBytes, root)
        await rename(temporary, pathOf(uploadName(sha256)))
        return { sha256, name: basename(path) }
      } finally {
        await rm(temporary, { force: true })
      }
    },
    async sweep(isNamed, olderThanSeconds) {
      const found = [...(await foldersOf(root, 'uploads', 1)), ...(await attemptFolders(root))]
      const before = Date.now() - olderThanSeconds * 1000
      const old: string[] = []
      for (const name of found) {
        const info = await stat(pathOf(name)).catch(() => undefined)
        if (info && info.mtimeMs < before) old.push(name)
      }
      const named = await isNamed(old)
      const unnamed = old.filter((name) => !named.has(name))
      for (const name of unnamed) await rm(pathOf(name), { recursive: true, force: true })
      return unnamed.length
    },
  }
}

/** Opened without blocking, so that a pipe nobody writes to is refused instead of waited for. */
async function copyHashed(from: string, to: string, maxBytes: number, root: string): Promise<string> {
  const handle = await open(from, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG'
        ? new UserError('file_not_found')
        : new UserError('file_unreadable')
    },
  )
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw new UserError('not_a_file')
    if (info.size === 0) throw new UserError('empty_file')
    if (info.size > maxBytes) throw tooLarge(maxBytes)
    const disk = await statfs(root)
    if (disk.bavail * disk.bsize < info.size + SPARE_BYTES) throw new UserError('disk_full')

    const hash = createHash('sha256')
    let bytes = 0
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        hash.update(chunk)
        done(bytes > maxBytes ? tooLarge(maxBytes) : null, chunk)
      },
    })
    const target = await open(to, 'wx', 0o600)
    await pipeline(
      createReadStream('', { fd: handle.fd, autoClose: false }),
      measure,
      target.createWriteStream({ flush: true }),
    )
    return hash.digest('hex')
  } catch (error) {
    if (isDiskFull(error)) throw new UserError('disk_full', undefined, { cause: error })
    throw error
  } finally {
    await handle.close()
  }
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
