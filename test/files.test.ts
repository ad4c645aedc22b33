import { execFileSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { readSettings } from '../src/config.ts'
import { openDiskFiles } from '../src/files/disk.ts'
import { type Files, type StoredFile, type Stretch, uploadName } from '../src/files/files.ts'
import { openFiles } from '../src/files/open.ts'
import { startS3 } from './support/s3-server.ts'

const MiB = 1024 ** 2
async function bytesOf(file: StoredFile | undefined, stretch?: Stretch): Promise<Buffer> {
  if (!file) throw new Error('there is no such file')
  return buffer(file.read(stretch))
}
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

/** A store, seen from two machines, and what lies in it. */
type Store = {
  here: Files
  there: Files
  stored(): Promise<string[]>
  /** Something that somebody else keeps in the same place. */
  putForeign(name: string): Promise<void>
}

const STORES: Record<string, (folder: string) => Promise<Store>> = {
  'on a disk': async (folder) => {
    const root = join(folder, 'files')
    await mkdir(root)
    const stored = async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      return entries
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(root.length + 1))
    }
    const [here, there] = [await openDiskFiles(root), await openDiskFiles(root)]
    return { here, there, stored, putForeign: async () => {} }
  },
  'in a bucket': async (folder) => {
    const { env, client, bucket, prefix, stop } = await startS3()
    const machine = (name: string) => openFiles(readSettings({ ...env, DATA_DIR: name }, folder), '')
    const [here, there] = [await machine('here'), await machine('there')]
    afterAll(async () => {
      await Promise.all([here.close(), there.close()])
      await stop()
    })
    const stored = async () => {
      const names: string[] = []
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length)))
      return names
    }
    const putForeign = async (name: string) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: 'not ours' }))
    }
    return { here, there, stored, putForeign }
  },
}

describe.each(Object.entries(STORES))('a file store %s', async (_, open) => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-files-'))
  afterAll(() => rm(folder, { recursive: true }))
  const { here, there, stored, putForeign } = await open(folder)

  /** An attempt that wrote these files, published. */
  const attempt = async (content: Record<string, string | Buffer>, owner: string = randomUUID()) => {
    const made = await here.createFolder(owner, 'processing', randomUUID())
    for (const [name, bytes] of Object.entries(content)) await writeFile(join(made.path, name), bytes)
    await made.publish()
    made.close()
    return made.name
  }
  const contentOf = async (name: string, files = there) => {
    const file = await files.find(name)
    return file && bytesOf(file)
  }

  describe('takes a person’s file in', () => {
    test.each(['song.flac', '-rf', 'a b\'"$(touch x).mp3', '🎸\n.wav', '..mp3'])(
      'called %j by its content',
      async (name) => {
        const path = join(folder, name)
        await writeFile(path, `audio of ${name}`)
        const taken = await here.takeUpload(path, 1e6)
        expect(taken).toEqual({ sha256: sha256(`audio of ${name}`), name })
        expect(String(await contentOf(uploadName(taken.sha256)))).toBe(`audio of ${name}`)
      },
    )

    test('unless it is no ordinary one: that is refused in words, at once, and leaves nothing', async () => {
      const path = (name: string) => join(folder, name)
      await writeFile(path('empty'), '')
      await writeFile(path('large'), Buffer.alloc(2000))
      execFileSync('mkfifo', [path('pipe')])
      await mkdir(path('folder'))
      await symlink('/nowhere', path('dangling'))
      const before = await stored()
      for (const [name, code] of [
        ['missing', 'file_not_found'],
        ['dangling', 'file_not_found'],
        ['empty', 'empty_file'],
        ['large', 'too_large'],
        ['pipe', 'not_a_file'],
        ['folder', 'not_a_file'],
        ['x'.repeat(5000), 'file_not_found'],
      ] as const) {
        await expect(here.takeUpload(path(name), 1000), name).rejects.toMatchObject({ code })
      }
      await expect(here.takeUpload('/dev/zero', 1000)).rejects.toMatchObject({ code: 'not_a_file' })
      expect(await stored()).toEqual(before)
    })

    test('as a stream, within its limits; of what breaks off nothing is kept', async () => {
      const content = randomBytes(100_000)
      const from = (...chunks: Buffer[]) => Readable.from(chunks)
      const before = await stored()
      await expect(here.takeStream(from(content), 1000, 100_000)).rejects.toMatchObject({ code: 'too_large' })
      await expect(here.takeStream(from(content), 1000, 0)).rejects.toMatchObject({ code: 'too_large' })
      await expect(here.takeStream(from(), 1000, 0)).rejects.toMatchObject({ code: 'empty_file' })
      const broken = Readable.from(
        (async function* () {
          yield content
          throw new Error('the line broke')
        })(),
      )
      await expect(here.takeStream(broken, 1e6, 0)).rejects.toThrow('the line broke')
      expect(await stored()).toEqual(before)
      const taken = await here.takeStream(from(content), 100_000, 0)
      expect(taken).toEqual({ sha256: sha256(content), bytes: 100_000 })
      expect(await contentOf(uploadName(taken.sha256))).toEqual(content)
    })

    test('once, however many give the same at once', async () => {
      const content = randomBytes(3 * MiB)
      const before = await stored()
      const taken = await Promise.all(
        Array.from({ length: 8 }, () => here.takeStream(Readable.from([content]), 10 * MiB, 0)),
      )
      expect(new Set(taken.map((one) => one.sha256))).toEqual(new Set([sha256(content)]))
      expect((await stored()).filter((name) => !before.includes(name))).toEqual([uploadName(sha256(content))])
      expect(await contentOf(uploadName(sha256(content)))).toEqual(content)
    })
  })

  describe('keeps an attempt’s files', () => {
    test('under names as stems have them, for every machine, once they are published', async () => {
      const content = {
        'Band - Ünï 歌 🎸 (vocals).mp3': 'the vocals',
        'a b+c&d=e%20f#g?.flac': 'odd',
        'analysis.json': '{}',
      }
      const name = await attempt(content)
      expect(await there.has(name)).toBe(true)
      for (const [file, text] of Object.entries(content)) {
        expect(await there.has(`${name}/${file}`), file).toBe(true)
        const found = await there.find(`${name}/${file}`)
        expect(found).toMatchObject({ bytes: text.length })
        expect(Math.abs(Date.now() - (found?.modified.getTime() ?? 0))).toBeLessThan(60_000)
        expect(String(await contentOf(`${name}/${file}`))).toBe(text)
      }
    })

    test('to be read on the machine where they are wanted, as long as somebody wants them', async () => {
      const name = await attempt({ 'vocals.flac': 'the vocals', 'drums.flac': 'the drums' })
      const reader = await there.createFolder(randomUUID(), 'delivery', randomUUID())
      const paths = await Promise.all(
        ['vocals', 'drums'].map((stem) => reader.localPath(`${name}/${stem}.flac`)),
      )
      expect(await Promise.all(paths.map((path) => readFile(path, 'utf8')))).toEqual([
        'the vocals',
        'the drums',
      ])
      await writeFile(join(reader.path, 'own'), 'not published yet')
      expect(await readFile(await reader.localPath(`${reader.name}/own`), 'utf8')).toBe('not published yet')
      reader.close()
    })

    test('also of one that wrote nothing', async () => {
      expect(await there.has(await attempt({}))).toBe(true)
    })

    test('by stretches', async () => {
      const content = randomBytes(300_000)
      const name = `${await attempt({ 'a.pieces': content })}/a.pieces`
      const file = await there.find(name)
      for (const [from, bytes] of [
        [0, 1],
        [0, 300_000],
        [299_999, 1],
        [100_001, 99_999],
        [5, 0],
      ] as const)
        expect(await bytesOf(file, { from, bytes })).toEqual(content.subarray(from, from + bytes))
    })

    test('that are large, whole', async () => {
      const content = randomBytes(20 * MiB + 1)
      const name = await attempt({ 'large.wav': content, empty: '' })
      expect(sha256((await contentOf(`${name}/large.wav`)) ?? '')).toBe(sha256(content))
      expect(await contentOf(`${name}/empty`)).toEqual(Buffer.alloc(0))
      const middle = await there.find(`${name}/large.wav`)
      const stretch = { from: 7 * MiB, bytes: 9 * MiB }
      expect(sha256(await bytesOf(middle, stretch))).toBe(sha256(content.subarray(7 * MiB, 16 * MiB)))
    })

    test('and of an attempt that came to nothing none', async () => {
      const before = await stored()
      for (const isPublished of [false, true]) {
        const made = await here.createFolder(randomUUID(), 'processing', randomUUID())
        await writeFile(join(made.path, 'vocals.flac'), 'x')
        if (isPublished) await made.publish()
        await made.discard()
        made.close()
        expect(await there.has(made.name)).toBe(false)
        await expect(readdir(made.path)).rejects.toMatchObject({ code: 'ENOENT' })
      }
      expect(await stored()).toEqual(before)
    })
  })

  test('knows what is not there, or not any more', async () => {
    const name = await attempt({ 'bass.pieces.json': '{}', 'drums.pieces': 'x', 'drums.pieces.json': '{}' })
    expect(await there.has(`${name}/bass.pieces`)).toBe(false)
    expect(await there.find(`${name}/bass.pieces`)).toBeUndefined()
    expect(await there.find(name)).toBeUndefined()
    const found = await there.find(`${name}/drums.pieces`)
    await here.remove(`${name}/drums.pieces`)
    expect(await there.has(`${name}/drums.pieces`)).toBe(false)
    await expect(bytesOf(found)).rejects.toMatchObject({ code: 'files_gone' })
    expect(await there.has(name)).toBe(true)
    await here.remove(name)
    expect([await there.has(name), await there.has(`${name}/drums.pieces.json`)]).toEqual([false, false])
    await here.remove(name)
    expect(await there.has(uploadName('0'.repeat(64)))).toBe(false)
  })

  test('is swept of what is old and that no row names, and of nothing else', async () => {
    const [unnamed, named] = [await attempt({ a: 'x', b: 'y' }), await attempt({ a: 'x' })]
    const { sha256: kept } = await here.takeStream(Readable.from([randomBytes(10)]), 100, 0)
    const { sha256: left } = await here.takeStream(Readable.from([randomBytes(10)]), 100, 0)
    const foreign = ['backups/2026/november/all.sql', 'uploads/readme.txt', 'readme.txt']
    for (const name of foreign) await putForeign(name)
    const before = await stored()
    const names = new Set([named, uploadName(kept)])
    const isNamed = async (all: string[]) => new Set(all.filter((one) => names.has(one)))
    expect(await here.sweep(isNamed, 3600)).toBe(0)
    expect(await stored()).toEqual(before)
    expect(await here.sweep(isNamed, -3600)).toBeGreaterThanOrEqual(2)
    const have = (name: string) => there.has(name)
    expect(await Promise.all([unnamed, uploadName(left)].map(have))).toEqual([false, false])
    expect((await stored()).sort()).toEqual(
      [
        '.store-name',
        `${named}/a`,
        uploadName(kept),
        ...foreign.filter((name) => before.includes(name)),
      ].sort(),
    )
  })
})

test('on a disk, a folder is as old as what was last written into it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-files-'))
  const files = await openDiskFiles(folder)
  const make = async (owner: string, ageSeconds: number) => {
    const { name, path } = await files.createFolder(owner, 'processing', 'attempt')
    await writeFile(join(path, 'vocals.flac'), 'x')
    const then = new Date(Date.now() - ageSeconds * 1000)
    await utimes(path, then, then)
    return name
  }
  const [old, young] = [await make('old', 7200), await make('young', 60)]
  expect(await files.sweep(async () => new Set(), 3600)).toBe(1)
  expect([await files.has(old), await files.has(young)]).toEqual([false, true])
  await rm(folder, { recursive: true })
})
