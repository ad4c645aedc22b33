import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openDiskFiles } from '../src/files/disk.ts'
import { uploadName } from '../src/files/files.ts'

describe('the file store on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-files-'))
  const root = join(folder, 'files')
  await mkdir(root)
  const files = openDiskFiles(root)
  afterAll(() => rm(folder, { recursive: true }))

  test.each(['song.flac', '-rf', 'a b\'"$(touch x).mp3', '🎸\n.wav', '..mp3'])(
    'takes in a file called %j by its content',
    async (name) => {
      const path = join(folder, name)
      await writeFile(path, `audio of ${name}`)
      const taken = await files.takeUpload(path, 1e6)
      expect(taken).toEqual({ sha256: createHash('sha256').update(`audio of ${name}`).digest('hex'), name })
      expect(await readFile(files.pathOf(uploadName(taken.sha256)), 'utf8')).toBe(`audio of ${name}`)
    },
  )

  test('what is no ordinary file is refused in words, at once, and leaves nothing', async () => {
    const path = (name: string) => join(folder, name)
    await writeFile(path('empty'), '')
    await writeFile(path('large'), Buffer.alloc(2000))
    execFileSync('mkfifo', [path('pipe')])
    await mkdir(path('folder'))
    await symlink('/nowhere', path('dangling'))
    const before = await readdir(join(root, 'uploads'))
    for (const [name, code] of [
      ['missing', 'file_not_found'],
      ['dangling', 'file_not_found'],
      ['empty', 'empty_file'],
      ['large', 'too_large'],
      ['pipe', 'not_a_file'],
      ['folder', 'not_a_file'],
      ['x'.repeat(5000), 'file_not_found'],
    ] as const) {
      await expect(files.takeUpload(path(name), 1000), name).rejects.toMatchObject({ code })
    }
    await expect(files.takeUpload('/dev/zero', 1000)).rejects.toMatchObject({ code: 'not_a_file' })
    expect(await readdir(join(root, 'uploads'))).toEqual(before)
  })

  test('sweeps what is old and unnamed, and nothing else', async () => {
    const make = async (owner: string, ageSeconds: number) => {
      const { name, path } = await files.createFolder(owner, 'processing', 'attempt')
      await writeFile(join(path, 'vocals.flac'), 'x')
      const then = new Date(Date.now() - ageSeconds * 1000)
      await utimes(path, then, then)
      return name
    }
    const [old, named, young] = [await make('old', 7200), await make('named', 7200), await make('young', 60)]
    expect(await files.sweep(async (names) => new Set(names.filter((name) => name === named)), 3600)).toBe(1)
    expect(await Promise.all([old, named, young].map((name) => files.has(name)))).toEqual([false, true, true])
  })
})
