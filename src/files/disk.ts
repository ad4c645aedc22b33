// The file store on this machine's disk.
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { UserError } from '../errors.ts'
import { type Files, type Stretch, uploadName } from './files.ts'
import { NAME_FILE, ownName } from './store-name.ts'
import { takeFile, takeIn } from './take-in.ts'

export async function openDiskFiles(root: string): Promise<Files> {
  const pathOf = (name: string) => join(root, name)
  const remove = (name: string) => rm(pathOf(name), { recursive: true, force: true })
  const has = (name: string) =>
    stat(pathOf(name)).then(
      () => true,
      () => false,
    )
  const keep = async (from: Readable, maxBytes: number, expectedBytes: number) => {
    const temporary = pathOf(`uploads/.${randomUUID()}`)
    await mkdir(dirname(temporary), { recursive: true })
    try {
      const taken = await takeIn(from, temporary, { maxBytes, expectedBytes })
      await rename(temporary, pathOf(uploadName(taken.sha256)))
      return taken
    } finally {
      await rm(temporary, { force: true })
    }
  }
  return {
    name: `disk ${await nameOf(root)}`,
    has,
    remove,
    async createFolder(owner, stage, attemptId) {
      const name = `${owner}/${stage}/${attemptId}`
      await mkdir(pathOf(name), { recursive: true })
      return {
        name,
        path: pathOf(name),
        async localPath(file) {
          if (!(await has(file))) throw new UserError('files_gone')
          return pathOf(file)
        },
        publish: async () => {},
        discard: () => remove(name).catch(() => {}),
        close: () => {},
      }
    },
    async find(name) {
      const path = pathOf(name)
      const info = await stat(path).catch(() => undefined)
      if (!info?.isFile()) return undefined
      const { size: bytes, mtime: modified } = info
      return { bytes, modified, read: (stretch = { from: 0, bytes }) => readStretch(path, stretch) }
    },
    takeUpload: (path, maxBytes) => takeFile(path, maxBytes, keep),
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
        await remove(name)
        removed++
      }
      return removed
    },
    trim: async () => {},
    close: async () => {},
  }
}

async function nameOf(root: string): Promise<string> {
  const path = join(root, NAME_FILE)
  const read = () => readFile(path, 'utf8').catch(() => undefined)
  return ownName(read, async (name) => {
    const whole = `${path}.${randomUUID()}`
    await writeFile(whole, name)
    // Of several one does.
    await link(whole, path).catch(() => {})
    await rm(whole)
  })
}

async function* readStretch(path: string, { from, bytes }: Stretch): AsyncGenerator<Uint8Array> {
  if (bytes === 0) return
  let left = bytes
  try {
    for await (const chunk of createReadStream(path, { start: from, end: from + bytes - 1 })) {
      left -= chunk.length
      yield chunk
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new UserError('files_gone') : error
  }
  if (left > 0) throw new Error(`${path} is shorter than it was`)
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
