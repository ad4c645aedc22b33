// A real S3 store for tests, SeaweedFS: a process of its own with one new bucket. It holds to signatures, checksums, ranges and the least
// size of parts, and it is what compose.yaml runs. It ends with whoever started it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

const WEED = join(import.meta.dirname, '../../.venv/operations/bin/weed')
const BUCKET = 'band'
const KEY = { accessKeyId: 'sound-forge-test', secretAccessKey: 'a-secret-of-these-tests-alone' }
const START_SECONDS = 60

export type S3 = Awaited<ReturnType<typeof startS3>>

/** @returns `env`: the settings of a file store in the bucket; `client`: looks at what lies there; `port`: where it listens */
export async function startS3() {
  if (!existsSync(WEED))
    throw new Error('SeaweedFS is not here: `npm run check` installs it, with what else tests need.')
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-s3-'))
  const port = await freePort()
  const identity = {
    name: 'tests',
    credentials: [keyOf(KEY)],
    actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
  }
  await writeFile(join(folder, 's3.json'), JSON.stringify({ identities: [identity] }))
  await mkdir(join(folder, 'data'))
  const child = await start(folder, port)
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEY })
  const stop = async () => {
    client.destroy()
    child.stdin?.end()
    if (child.exitCode === null) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'log'), 'utf8').slice(-4000))
      return client.send(new CreateBucketCommand({ Bucket: BUCKET })).catch(() => undefined)
    }, START_SECONDS)
  } catch (error) {
    await stop()
    throw error
  }
  const env: Record<string, string> = {
    FILES: `s3://${BUCKET}/songs`,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
  }
  return { env, client, bucket: BUCKET, prefix: 'songs/', port, stop }
}

/** A shell around it ends it when this process is gone. */
async function start(folder: string, port: number): Promise<ChildProcess> {
  const parts = ['master', 'volume', 'filer'].flatMap((part) => [`${part}.port`, `${part}.port.grpc`])
  const ports = await Promise.all(
    [...parts, 's3.port.grpc'].map(async (name) => `-${name}=${await freePort()}`),
  )
  const args = [
    '-logtostderr',
    'server',
    `-dir=${join(folder, 'data')}`,
    ...['-ip=127.0.0.1', '-ip.bind=127.0.0.1', ...ports],
    ...['-master.telemetry=false', '-master.volumeSizeLimitMB=64', '-volume.max=40'],
    ...['-filer', `-filer.localSocket=${join(folder, 'filer.sock')}`],
    ...['-s3', `-s3.port=${port}`, '-s3.port.iceberg=0', '-s3.port.lance=0'],
    ...[`-s3.config=${join(folder, 's3.json')}`, `-s3.localSocket=${join(folder, 's3.sock')}`],
  ]
  const log = openSync(join(folder, 'log'), 'w')
  const script = '"$@" & own=$!; read -r _; kill -9 $own; wait $own'
  return spawn('sh', ['-c', script, 'sh', WEED, ...args], { stdio: ['pipe', log, log] })
}

function keyOf({ accessKeyId, secretAccessKey }: typeof KEY) {
  return { accessKey: accessKeyId, secretKey: secretAccessKey }
}
