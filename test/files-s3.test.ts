// What can go wrong between a machine and its bucket.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { readSettings } from '../src/config.ts'
import { openBucket } from '../src/files/bucket.ts'
import { openCache } from '../src/files/cache.ts'
import { checkFiles } from '../src/files/check.ts'
import { type Files, type StoredFile, uploadName } from '../src/files/files.ts'
import { openFiles } from '../src/files/open.ts'
import { s3Place } from '../src/files/s3-place.ts'
import { openDoor } from './support/outage.ts'
import { openS3Proxy } from './support/s3-proxy.ts'
import { startS3 } from './support/s3-server.ts'
import { until } from './support/until.ts'

const MiB = 1024 ** 2
async function bytesOf(file: StoredFile | undefined): Promise<Buffer> {
  if (!file) throw new Error('there is no such file')
  return buffer(file.read())
}
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const unavailable = { name: 'PauseError', code: 'files_unavailable', retryAfterSeconds: expect.any(Number) }

describe('a file store in a bucket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-files-'))
  const s3 = await startS3()
  const proxy = await openS3Proxy(s3.port)
  const door = await openDoor({ host: '127.0.0.1', port: s3.port })
  const opened: Files[] = []
  afterAll(async () => {
    await Promise.all(opened.map((files) => files.close()))
    await proxy.stop()
    await door.shut().catch(() => {})
    await s3.stop()
    await rm(folder, { recursive: true })
  })

  const settingsOf = (env: Record<string, string> = {}) =>
    readSettings({ ...s3.env, DATA_DIR: randomUUID(), ...env }, folder)
  /** A machine with nothing on it. */
  const machine = async (env: Record<string, string> = {}) => {
    const files = await openFiles(settingsOf(env), '')
    opened.push(files)
    return files
  }
  const byProxy = { AWS_ENDPOINT_URL: proxy.url }
  const byDoor = { AWS_ENDPOINT_URL: `http://127.0.0.1:${door.port}` }
  const here = await machine()

  /** An attempt's files, published from another machine. */
  const publish = async (content: Record<string, Buffer>, files = here) => {
    const made = await files.createFolder(randomUUID(), 'processing', randomUUID())
    for (const [name, bytes] of Object.entries(content)) await writeFile(join(made.path, name), bytes)
    await made.publish()
    made.close()
    return made.name
  }
  const reader = (files: Files, signal?: AbortSignal) =>
    files.createFolder(randomUUID(), 'delivery', randomUUID(), signal)
  const object = (name: string) => ({ Bucket: s3.bucket, Key: s3.prefix + name })
  const uploadsUnderWay = async () => {
    const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket }))
    return Uploads.filter(({ Key }) => Key?.startsWith(s3.prefix))
  }
  /** What somebody else, or a broken disk, made of it: as long as before, with the checksum that it had. */
  const damage = async (name: string) => {
    const { Metadata, ContentLength = 0 } = await s3.client.send(new HeadObjectCommand(object(name)))
    await s3.client.send(
      new PutObjectCommand({ ...object(name), Body: Buffer.alloc(ContentLength), Metadata }),
    )
  }

  describe('when a file is other than was stored', () => {
    test('whoever reads it whole hears so, and what belongs to it can be made anew', async () => {
      const name = await publish({ 'vocals.flac': randomBytes(1000), 'drums.flac': randomBytes(1000) })
      await damage(`${name}/vocals.flac`)
      const files = await machine()
      const found = await files.find(`${name}/vocals.flac`)
      await expect(bytesOf(found)).rejects.toThrow('is damaged')
      // Nor does it look whole to who was told its length beforehand.
      let came = 0
      const reading = async () => {
        for await (const chunk of found?.read() ?? []) came += chunk.length
      }
      await expect(reading()).rejects.toThrow('is damaged')
      expect(came).toBeLessThan(1000)
      const delivery = await reader(files)
      await expect(delivery.localPath(`${name}/vocals.flac`)).rejects.toMatchObject({
        name: 'UserError',
        code: 'files_gone',
        message: expect.stringContaining('damaged'),
      })
      expect(await files.has(name)).toBe(false)
    })

    test('only on its way, it is fetched once more', async () => {
      const content = randomBytes(200_000)
      const name = await publish({ 'vocals.flac': content })
      const delivery = await reader(await machine(byProxy))
      proxy.spoilNext({ method: 'GET', in: 'answer', how: 'changed' })
      expect(await readFile(await delivery.localPath(`${name}/vocals.flac`))).toEqual(content)
      expect(await here.has(name)).toBe(true)
    })

    test('only on its way there, it is not stored', async () => {
      const files = await machine(byProxy)
      const content = randomBytes(200_000)
      proxy.spoilNext({ method: 'PUT', in: 'request', how: 'changed' })
      await expect(files.takeStream(Readable.from([content]), 1e6, 0)).rejects.toMatchObject(unavailable)
      expect(await here.has(uploadName(sha256(content)))).toBe(false)
      await files.takeStream(Readable.from([content]), 1e6, 0)
      expect(await here.has(uploadName(sha256(content)))).toBe(true)
    })

    test('put there by others, without a checksum of ours, it is taken as it is', async () => {
      const name = await publish({ 'vocals.flac': randomBytes(10) })
      await s3.client.send(new PutObjectCommand({ ...object(`${name}/vocals.flac`), Body: 'restored' }))
      const delivery = await reader(await machine())
      expect(await readFile(await delivery.localPath(`${name}/vocals.flac`), 'utf8')).toBe('restored')
    })
  })

  test('a file that is gone takes along what is left of its attempt', async () => {
    const name = await publish({ 'vocals.flac': randomBytes(10), 'drums.flac': randomBytes(10) })
    await s3.client.send(new DeleteObjectCommand(object(`${name}/vocals.flac`)))
    const delivery = await reader(here)
    await expect(delivery.localPath(`${name}/vocals.flac`)).rejects.toMatchObject({ code: 'files_gone' })
    expect(await here.has(name)).toBe(false)
  })

  test('an answer that ends in the middle is taken up where it ended', async () => {
    const content = randomBytes(3 * MiB)
    const name = `${await publish({ 'vocals.flac': content })}/vocals.flac`
    const files = await machine(byProxy)
    const found = await files.find(name)
    for (const count of [1, 2]) {
      const before = proxy.asked.length
      for (let cut = 0; cut < count; cut++) proxy.spoilNext({ method: 'GET', in: 'answer', how: 'cut' })
      expect(sha256(await bytesOf(found))).toBe(sha256(content))
      expect(proxy.asked.slice(before).filter((asked) => asked.startsWith('GET'))).toHaveLength(count + 1)
    }
  })

  test('what many jobs of a machine want at once is fetched once, and not again', async () => {
    const content = randomBytes(2 * MiB)
    const name = `${await publish({ 'vocals.flac': content })}/vocals.flac`
    const files = await machine(byProxy)
    const before = proxy.asked.length
    const leaving = new AbortController()
    const jobs = await Promise.all(Array.from({ length: 6 }, () => reader(files)))
    const cancelled = await reader(files, leaving.signal)
    const given = cancelled.localPath(name)
    const paths = Promise.all(jobs.map((job) => job.localPath(name)))
    leaving.abort(new Error('cancelled'))
    await expect(given).rejects.toThrow('cancelled')
    for (const path of await paths) expect(sha256(await readFile(path))).toBe(sha256(content))
    await (await reader(files)).localPath(name)
    expect(proxy.asked.slice(before).filter((asked) => asked.startsWith('GET'))).toHaveLength(1)
  })

  test('what a machine made itself it does not fetch', async () => {
    const files = await machine(byProxy)
    const name = await publish({ 'vocals.flac': randomBytes(10) }, files)
    const before = proxy.asked.length
    const next = await reader(files)
    await next.localPath(`${name}/vocals.flac`)
    expect(proxy.asked.slice(before).filter((asked) => !asked.startsWith('HEAD'))).toEqual([])
  })

  test('what a person gave stays on no machine that only took it in', async () => {
    const files = await machine({ DATA_DIR: 'taking' })
    const { sha256: given } = await files.takeStream(Readable.from([randomBytes(10)]), 1e6, 0)
    await writeFile(join(folder, 'song.wav'), 'a song')
    await files.takeUpload(join(folder, 'song.wav'), 1e6)
    const left = await readdir(join(folder, 'taking'), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile())).toEqual([])
    expect(await here.has(uploadName(given))).toBe(true)
  })

  test('what is cancelled while it is sent leaves nothing', async () => {
    const leaving = new AbortController()
    const made = await here.createFolder(randomUUID(), 'processing', randomUUID(), leaving.signal)
    for (const stem of ['vocals', 'drums', 'bass', 'other', 'piano'])
      await writeFile(join(made.path, `${stem}.wav`), randomBytes(40 * MiB))
    const published = made.publish()
    await until(async () => (await uploadsUnderWay()).length > 0)
    leaving.abort(new Error('cancelled'))
    await expect(published).rejects.toThrow('cancelled')
    await made.discard()
    made.close()
    expect(await uploadsUnderWay()).toEqual([])
    expect(await here.has(made.name)).toBe(false)
  })

  test('what a process that died had begun to send is ended after a while', async () => {
    const place = s3Place(settingsOf())
    if (!place) throw new Error('there is a place')
    const bucket = openBucket(place)
    for (const name of [uploadName('a'.repeat(64)), 'somebody/elses'])
      await s3.client.send(new CreateMultipartUploadCommand(object(name)))
    const isOurs = (name: string) => name.startsWith('uploads/')
    await bucket.endUploads(new Date(Date.now() - 60_000), isOurs)
    expect(await uploadsUnderWay()).toHaveLength(2)
    await bucket.endUploads(new Date(Date.now() + 60_000), isOurs)
    expect((await uploadsUnderWay()).map(({ Key }) => Key)).toEqual([`${s3.prefix}somebody/elses`])
    bucket.close()
  })

  test('that is away is told within seconds, and used again when it is back', async () => {
    const files = await machine(byDoor)
    const content = randomBytes(1000)
    const name = await publish({ 'vocals.flac': content }, files)
    const found = await files.find(`${name}/vocals.flac`)
    const made = await reader(files)
    await writeFile(join(made.path, 'a.mp3'), 'x')
    await door.shut()
    const startedMs = performance.now()
    const tries = {
      has: files.has(name),
      find: files.find(`${name}/vocals.flac`),
      read: bytesOf(found),
      local: made.localPath(`${name}/vocals.flac`),
      publish: made.publish(),
      take: files.takeStream(Readable.from([content]), 1e6, 0),
      remove: files.remove(name),
      sweep: files.sweep(async () => new Set(), 0),
    }
    const told = Object.entries(tries).map(([what, tried]) =>
      expect(tried, what).rejects.toMatchObject(unavailable),
    )
    await Promise.all(told)
    await made.discard()
    expect(performance.now() - startedMs).toBeLessThan(20_000)
    await expect(machine(byDoor)).rejects.toMatchObject({
      code: 'files_unavailable',
      message: expect.stringContaining('check FILES and AWS_ENDPOINT_URL'),
    })
    await door.open()
    expect(await bytesOf(found)).toEqual(content)
    expect(await files.has(name)).toBe(true)
    await publish({ 'vocals.flac': content }, files)
  })

  test('that takes the question and says nothing is not waited for', { timeout: 90_000 }, async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const endpoint = { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }
    const startedMs = performance.now()
    const started = expect(machine(endpoint)).rejects.toMatchObject({ code: 'files_unavailable' })
    const bucket = openBucket(s3Place(settingsOf(endpoint)) as NonNullable<ReturnType<typeof s3Place>>)
    const asked = [
      bucket.info('a'),
      bucket.hasAny('a'),
      bucket.remove('a'),
      bucket.listed('a').next(),
      bucket.endUploads(new Date(), () => true),
    ]
    await Promise.all([started, ...asked.map((answer) => expect(answer).rejects.toMatchObject(unavailable))])
    expect(performance.now() - startedMs).toBeLessThan(40_000)
    bucket.close()
    silent.close()
  })

  describe('with settings that are wrong is refused at the start, with what to do,', () => {
    test.each([
      [
        'a bucket that is not there',
        { FILES: 's3://nowhere-at-all/songs' },
        /FILES names the bucket nowhere-at-all/,
      ],
      [
        'a key that nobody knows',
        { AWS_ACCESS_KEY_ID: 'nobody' },
        /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not/,
      ],
      [
        'another secret',
        { AWS_SECRET_ACCESS_KEY: 'guessed-wrong' },
        /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not/,
      ],
    ])('as by %s', async (_, env, sentence) => {
      const error = await machine(env).catch((refused: Error) => refused)
      expect(error).toMatchObject({
        name: 'UserError',
        code: 'bad_settings',
        message: expect.stringMatching(sentence),
      })
      const told = inspect(error, { depth: 10 }) + JSON.stringify(error)
      for (const secret of [
        s3.env['AWS_SECRET_ACCESS_KEY'],
        s3.env['AWS_ACCESS_KEY_ID'],
        'guessed-wrong',
        'nobody',
      ])
        if (secret) expect(told).not.toContain(secret)
      expect(await checkFiles(settingsOf(env))).toEqual([
        {
          state: 'bad',
          text: expect.stringMatching(/^S3: /),
          mend: expect.stringMatching(/^(aws --endpoint-url \S+ s3 mb s3:\/\/nowhere-at-all|echo 'AWS_.*)$/),
        },
      ])
    })
  })

  test('can be checked, and nothing is left of that', async () => {
    const before = proxy.asked.length
    expect(await checkFiles(settingsOf(byProxy))).toEqual([
      {
        state: 'good',
        text: expect.stringMatching(/^S3: s3:\/\/band\/songs takes, gives back and removes/),
      },
    ])
    const put = proxy.asked.slice(before).find((asked) => asked.startsWith('PUT'))
    const name = /uploads\/[0-9a-f]{64}/.exec(put ?? '')?.[0] ?? ''
    expect(await here.has(name)).toBe(false)
    expect(await checkFiles(settingsOf({ FILES: 'disk' }))).toEqual([])
  })

  test('may have the whole bucket', async () => {
    const files = await machine({ FILES: `s3://${s3.bucket}` })
    const name = await publish({ 'vocals.flac': randomBytes(10) }, files)
    expect(
      await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: `${name}/vocals.flac` })),
    ).toMatchObject({
      ContentType: 'audio/flac',
      ContentLength: 10,
    })
  })
})

describe('what a machine has of a bucket', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sound-forge-cache-'))
  afterAll(() => rm(root, { recursive: true }))
  const cache = await openCache(root, 10 * MiB)
  const HOUR_MS = 3600_000
  /** A file of this size, last used so long ago. */
  const put = async (bytes: number, agoMs: number) => {
    const name = `${randomUUID()}/processing/${randomUUID()}/vocals.flac`
    const from = await cache.aside()
    await writeFile(from, Buffer.alloc(bytes))
    const path = await cache.put(from, name)
    const then = new Date(Date.now() - agoMs)
    for (const place of [path, join(path, '..')]) await utimes(place, then, then)
    return { name, path }
  }

  test('stays within its limit: what was not used for longest goes, what is in use stays', async () => {
    const used = await put(4 * MiB, 4 * HOUR_MS)
    const oldest = await put(4 * MiB, 3 * HOUR_MS)
    const read = await put(4 * MiB, 2 * HOUR_MS)
    const newest = await put(4 * MiB, 1 * HOUR_MS)
    const letGo = cache.hold(used.name)
    expect(await cache.has(read.name, 4 * MiB)).toBe(true)
    await cache.trim()
    const there = [used, oldest, read, newest].map(({ path }) => existsSync(path))
    expect(there).toEqual([true, false, true, false])
    letGo()
    await put(5 * MiB, 0)
    await cache.trim()
    expect([used, read].map(({ path }) => existsSync(path))).toEqual([false, true])
  })

  test('goes after a day, also what a process that died left half done', async () => {
    const old = await put(10, 25 * HOUR_MS)
    const young = await put(10, 23 * HOUR_MS)
    const [left, begun] = [await cache.aside(), await cache.aside()]
    for (const path of [left, begun]) await writeFile(path, 'half')
    const then = new Date(Date.now() - 25 * HOUR_MS)
    await utimes(left, then, then)
    await cache.trim()
    expect([old.path, young.path, left, begun].map(existsSync)).toEqual([false, true, false, true])
    expect(await cache.has(young.name, 11)).toBe(false)
    expect((await stat(root)).isDirectory()).toBe(true)
    expect((await readdir(root)).length).toBeGreaterThan(0)
  })

  test('is rid of what a process left half done long ago when the next one starts', async () => {
    const [left, begun] = [await cache.aside(), await cache.aside()]
    for (const path of [left, begun]) await writeFile(path, 'half')
    const then = new Date(Date.now() - 25 * HOUR_MS)
    await utimes(left, then, then)
    await openCache(root)
    expect([left, begun].map(existsSync)).toEqual([false, true])
  })

  test('on a disk that machines share is its own, and goes a day after a machine did', async () => {
    const file = async (machine: string, agoMs: number) => {
      const place = join(root, machine, 'unit')
      await mkdir(place, { recursive: true })
      await writeFile(join(place, 'vocals.flac'), Buffer.alloc(20 * MiB))
      const then = new Date(Date.now() - agoMs)
      for (const path of [join(place, 'vocals.flac'), place, join(root, machine)])
        await utimes(path, then, then)
      return join(place, 'vocals.flac')
    }
    const [gone, working] = [await file('gone', 25 * HOUR_MS), await file('working', HOUR_MS)]
    await cache.trim()
    expect([gone, working].map(existsSync)).toEqual([false, true])
  })
})
