// The S3 store as compose.yaml runs it: its very commands, on a real SeaweedFS, which is moved to ports and a folder of the test's own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { s3Place } from '../../src/files/s3-place.ts'
import { readCompose } from '../support/compose.ts'
import { freePort } from '../support/free-port.ts'
import { CLONE, findProgram, settingsOf } from '../support/operations.ts'
import { until } from '../support/until.ts'

const WEED = join(CLONE, '.venv/operations/bin/weed')
const { s3, bucket, bot } = readCompose().services

describe('the S3 store of compose.yaml', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-store-'))
  const ports: Record<string, number> = {}
  for (const name of ['master', 'volume', 'filer', 's3'])
    for (const kind of ['port', 'port.grpc']) ports[`${name}.${kind}`] = await freePort()
  const endpoint = `http://127.0.0.1:${ports['s3.port']}`
  const env: Record<string, string> = { ...s3?.environment, PATH: process.env['PATH'] ?? '' }
  let server: ChildProcess | undefined
  afterAll(async () => {
    server?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  const start = async () => {
    const [, ...first] = s3?.entrypoint ?? []
    const own = [
      ...Object.entries(ports).map(([name, port]) => `-${name}=${port}`),
      ...['filer', 's3'].map((name) => `-${name}.localSocket=${join(folder, `${name}.sock`)}`),
    ]
    const args = [...first, ...(s3?.command ?? []), ...own].map((arg) =>
      arg.replace(/=\/data$/, `=${folder}`),
    )
    server = spawn(WEED, args, { env, stdio: 'ignore' })
    await until(
      () =>
        fetch(`${endpoint}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      60,
    )
  }
  /** As often as compose would have it run: at every start. */
  const makeBucket = () => {
    const [shell = '', ...args] = bucket?.entrypoint ?? []
    const moved = args.map((arg) =>
      arg
        .replace('timeout 60 /usr/bin/weed', findProgram('timeout') ? `timeout 20 ${WEED}` : WEED)
        .replace(':9333', `:${ports['master.port']}.${ports['master.port.grpc']}`)
        .replace(':8888', `:${ports['filer.port']}.${ports['filer.port.grpc']}`),
    )
    return spawnSync(shell, moved, { env, encoding: 'utf8', timeout: 60_000 })
  }
  const client = (secretAccessKey: string) =>
    new S3Client({
      endpoint,
      region: bot?.environment?.['AWS_REGION'] ?? '',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey },
    })
  const secret = env['AWS_SECRET_ACCESS_KEY'] ?? ''
  const place = s3Place(settingsOf({ ...bot?.environment, ACCESS_SECRET: 'sixteen letters or more' }))
  const song = { Bucket: place?.bucket, Key: 'band/song.flac' }

  test('gets the bucket that the settings name, once, and is asked for it again at every start', {
    timeout: 120_000,
  }, async () => {
    await start()
    const first = await until(() => {
      const run = makeBucket()
      return run.status === 0 ? run : undefined
    }, 60)
    expect(first.stdout + first.stderr).toContain(`created bucket ${place?.bucket}`)
    expect(makeBucket()).toMatchObject({ status: 0 })
  })

  test('keeps what is put there, over a stop', { timeout: 120_000 }, async () => {
    const writer = client(secret)
    await writer.send(new PutObjectCommand({ ...song, Body: 'la la la' }))
    writer.destroy() // a stop waits for connections
    server?.kill('SIGTERM')
    if (server?.exitCode === null) await once(server, 'exit')
    await start()
    const read = () =>
      client(secret)
        .send(new GetObjectCommand(song))
        .catch(() => undefined)
    const found = await until(read, 60)
    expect(await found.Body?.transformToString()).toBe('la la la')
  })

  test('lets in nobody without its key', async () => {
    await expect(client('a wrong one').send(new GetObjectCommand(song))).rejects.toThrow()
    for (const init of [{}, { method: 'PUT', body: 'x' }])
      expect((await fetch(`${endpoint}/${song.Bucket}/${song.Key}`, init)).status).toBe(403)
  })

  test.skipIf(!findProgram('timeout'))('says so when the bucket cannot be made', async () => {
    server?.kill('SIGKILL')
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit')
    expect(makeBucket().status).not.toBe(0)
  })
})
