// The file store in a bucket. A tool reads and writes on this machine: an attempt's files are sent when it is done and stay here for the next
// stage; what other machines made is fetched once.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { UserError } from '../errors.ts'
import { type Bucket, type Info, openBucket } from './bucket.ts'
import { openCache } from './cache.ts'
import { type Files, type Folder, type StoredFile, unitOf, uploadName } from './files.ts'
import type { S3Place } from './s3-place.ts'
import { NAME_FILE, ownName } from './store-name.ts'
import { takeFile, takeIn } from './take-in.ts'

/** Of one attempt; each takes two parts of memory. */
const SENT_AT_ONCE = 4
const REMOVED_AT_ONCE = 4
/** A bucket has no folders: this file says that an attempt was there which wrote nothing. */
const EMPTY = '.empty'
const NAMED_AT_ONCE = 1000
/** The longest that a file may take to be sent. */
const UPLOAD_MS = 24 * 3600_000
/** What is ours in a bucket: the attempts' folders and the uploads. */
const OURS = /^([0-9a-f-]{36}\/[a-z]+\/[0-9a-f-]{36}\/.|uploads\/[0-9a-f]{64}$)/

/**
 * @param cacheRoot what lies there may be removed while nothing runs
 * @throws UserError `bad_settings` or `files_unavailable`
 */
export async function openS3Files(place: S3Place, cacheRoot: string): Promise<Files> {
  const bucket = openBucket(place)
  await bucket.check()
  const cache = await openCache(cacheRoot)
  const fetching = new Map<string, Promise<string>>()

  const isFolder = (name: string) => name === unitOf(name) && !name.startsWith('uploads/')
  const has = async (name: string) =>
    isFolder(name) ? bucket.hasAny(`${name}/`) : (await bucket.info(name)) !== undefined

  const remove = async (name: string) => {
    await cache.remove(name)
    if (!isFolder(name)) return bucket.remove(name)
    const within: string[] = []
    for await (const one of bucket.listed(`${name}/`)) within.push(one.name)
    await eachOf(within, REMOVED_AT_ONCE, (one) => bucket.remove(one))
  }

  /** Of what lost a part, the rest is of no use: who wants it has it made again. */
  const loseFiles = async (name: string, why?: string): Promise<never> => {
    await remove(unitOf(name))
    throw new UserError('files_gone', why)
  }

  const fetchFile = async (name: string, info: Info): Promise<string> => {
    for (let isAgain = false; ; isAgain = true) {
      const temporary = await cache.aside()
      try {
        const to = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true })
        await pipeline(Readable.from(readWhole(bucket, name, info)), to)
        return await cache.put(temporary, name)
      } catch (error) {
        if (!(error instanceof Damaged)) throw error
        if (isAgain) return await loseFiles(name, DAMAGED)
      } finally {
        await rm(temporary, { force: true })
      }
    }
  }

  const localPath = async (name: string, signal?: AbortSignal): Promise<string> => {
    const info = await bucket.info(name, signal)
    if (!info) return loseFiles(name)
    if (await cache.has(name, info.bytes)) return cache.pathOf(name)
    const fetched = fetching.get(name) ?? fetchFile(name, info).finally(() => fetching.delete(name))
    fetching.set(name, fetched)
    // Others may wait for it too: it goes on without us.
    return signal ? untilAborted(fetched, signal) : fetched
  }

  const send = async ({ name, path }: Folder, signal?: AbortSignal) => {
    const files = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile())
    if (files.length === 0) await writeFile(join(path, EMPTY), '')
    const names = files.length === 0 ? [EMPTY] : files.map((file) => file.name)
    await eachOf(names, SENT_AT_ONCE, async (file, failed) => {
      const until = AbortSignal.any([failed, ...(signal ? [signal] : [])])
      const sha256 = await hashOf(join(path, file))
      await bucket.put(`${name}/${file}`, join(path, file), sha256, until)
    })
  }

  const keep = async (from: Readable, maxBytes: number, expectedBytes: number) => {
    const temporary = await cache.aside()
    try {
      const taken = await takeIn(from, temporary, { maxBytes, expectedBytes })
      // Not kept here: whoever downloads it may be elsewhere, and a bot alone never trims.
      await bucket.put(uploadName(taken.sha256), temporary, taken.sha256)
      return taken
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** What is ours, with the time of its newest file. */
  const units = async function* (of = '') {
    let last: { name: string; modified: Date } | undefined
    for await (const { name, modified } of bucket.listed(of)) {
      if (!OURS.test(name)) continue
      if (last && last.name === unitOf(name)) {
        if (modified > last.modified) last.modified = modified
        continue
      }
      if (last) yield last
      last = { name: unitOf(name), modified }
    }
    if (last) yield last
  }

  const storedName = async () => {
    const info = await bucket.info(NAME_FILE)
    return info && text(Readable.from(bucket.read(NAME_FILE, 0, info.bytes)))
  }
  const writeName = async (name: string) => {
    const temporary = await cache.aside()
    await writeFile(temporary, name)
    await bucket.put(NAME_FILE, temporary, await hashOf(temporary)).finally(() => rm(temporary))
  }

  return {
    name: `${await ownName(storedName, writeName)} s3://${place.bucket}/${place.prefix}`.replace(/\/$/, ''),
    has,
    remove,

    async createFolder(owner, stage, attemptId, signal) {
      const name = `${owner}/${stage}/${attemptId}`
      const holds = [cache.hold(name)]
      const path = await cache.makeFolder(name)
      let isSent = false
      const folder: Folder = {
        name,
        path,
        async localPath(file) {
          if (unitOf(file) === name) return cache.pathOf(file)
          holds.push(cache.hold(file))
          return localPath(file, signal)
        },
        async publish() {
          isSent = true
          await send(folder, signal)
        },
        async discard() {
          await (isSent ? remove(name) : cache.remove(name)).catch(() => {})
        },
        close() {
          for (const letGo of holds.splice(0)) letGo()
          void cache.trim().catch(() => {})
        },
      }
      return folder
    },

    async find(name) {
      const info = await bucket.info(name)
      return info && storedFile(bucket, name, info)
    },

    takeUpload: (path, maxBytes) => takeFile(path, maxBytes, keep),
    takeStream: keep,

    async sweep(isNamed, olderThanSeconds) {
      const before = new Date(Date.now() - olderThanSeconds * 1000)
      let removed = 0
      const removeUnnamed = async (old: string[]) => {
        const named = await isNamed(old)
        for (const name of old.filter((one) => !named.has(one))) {
          // Somebody may have given the same file again just now.
          for await (const now of units(name)) {
            if (now.name !== name || now.modified >= before) continue
            await remove(name)
            removed++
          }
        }
      }
      const old: string[] = []
      for await (const unit of units()) {
        if (unit.modified < before) old.push(unit.name)
        if (old.length === NAMED_AT_ONCE) await removeUnnamed(old.splice(0))
      }
      await removeUnnamed(old)
      await bucket.endUploads(new Date(Date.now() - UPLOAD_MS), (name) => OURS.test(name))
      return removed
    },
    trim: cache.trim,

    async close() {
      bucket.close()
      await Promise.allSettled(fetching.values())
    },
  }
}

class Damaged extends Error {}
const DAMAGED = 'A file in the store is damaged: ask for the song again, or press Retry.'

function storedFile(bucket: Bucket, name: string, info: Info): StoredFile {
  const { bytes, modified } = info
  return {
    bytes,
    modified,
    read: (stretch) =>
      stretch ? bucket.read(name, stretch.from, stretch.from + stretch.bytes) : readWhole(bucket, name, info),
  }
}

/**
 * The last of it comes when all of it was checked: who is told the length beforehand is not to take damage for whole.
 * @throws Damaged where it is not what was stored; what others put there has no checksum of ours
 */
async function* readWhole(bucket: Bucket, name: string, { bytes, sha256 }: Info) {
  const hash = createHash('sha256')
  let last: Uint8Array | undefined
  for await (const chunk of bucket.read(name, 0, bytes)) {
    hash.update(chunk)
    if (last) yield last
    last = chunk
  }
  if (sha256 !== undefined && hash.digest('hex') !== sha256) throw new Damaged(`${name} is damaged`)
  if (last) yield last
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Some at once. The first that fails ends the others, and what they began is taken back before it is thrown. */
async function eachOf<T>(
  all: T[],
  atOnce: number,
  work: (one: T, failed: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const failed = new AbortController()
  const left = all.values()
  const workers = Array.from({ length: atOnce }, async () => {
    for (const one of left) {
      if (failed.signal.aborted) return
      await work(one, failed.signal).catch((error: unknown) => failed.abort(error))
    }
  })
  await Promise.all(workers)
  failed.signal.throwIfAborted()
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
