// A bucket, by the AWS SDK: what is asked of it, each with its limits, and its errors in our words. Nothing is held in memory whole.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  type UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { UserError } from '../errors.ts'
import { isMissing, runError, startError } from './s3-errors.ts'
import type { S3Place } from './s3-place.ts'

export type Info = { bytes: number; modified: Date; sha256: string | undefined }
export type Bucket = ReturnType<typeof openBucket>

const CONNECT_MS = 5_000
/** Nothing comes or goes for this long. */
const SILENT_MS = 30_000
/** Whether something is there is asked with people waiting, and rows locked. */
const QUESTION_MS = 5_000
/** One removal, or one page of a listing. */
const STEP_MS = 20_000
const START_MS = 10_000
/** The SDK's retries are among them, with pauses of theirs. */
const TRIES = 3
const SOCKETS = 200
/** The least that S3 takes, of 10,000 at most. What fits into one is sent in one request. */
const PART_BYTES = 5 * 1024 ** 2
const READ_BYTES = 256 * 1024

const TYPES: Record<string, string> = {
  '.flac': 'audio/flac',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.json': 'application/json',
  '.png': 'image/png',
}

export function openBucket(place: S3Place) {
  const { bucket: Bucket, prefix, endpoint, region, credentials } = place
  const client = new S3Client({
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(region ? { region } : {}),
    ...(credentials ? { credentials } : {}),
    maxAttempts: TRIES,
    // R2 and B2 refuse the SDK's checksums. What we send has an MD5, which all stores check, and a SHA-256 of ours for who reads it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  })
  const closing = new AbortController()
  const keyOf = (name: string) => ({ Bucket, Key: `${prefix}${name}` })
  const until = (signal?: AbortSignal) => AbortSignal.any([closing.signal, ...(signal ? [signal] : [])])
  /** What fails by our own signal keeps its reason; all else is said in our words. */
  const told = (error: unknown, signal: AbortSignal) => {
    signal.throwIfAborted()
    return runError(error, place)
  }

  const listed = async function* (of: string) {
    const signal = until()
    try {
      const query = { Bucket, Prefix: `${prefix}${of}` }
      let next: string | undefined
      do {
        const command = new ListObjectsV2Command({ ...query, ContinuationToken: next })
        const page = await client.send(command, { abortSignal: within(signal, STEP_MS) })
        for (const { Key = '', LastModified = new Date() } of page.Contents ?? [])
          yield { name: Key.slice(prefix.length), modified: LastModified }
        next = page.NextContinuationToken
      } while (next)
    } catch (error) {
      throw told(error, signal)
    }
  }

  return {
    /** @throws UserError `bad_settings` or `files_unavailable`, with what to do */
    async check(): Promise<void> {
      const query = { Bucket, Prefix: prefix, MaxKeys: 1 }
      await client
        .send(new ListObjectsV2Command(query), { abortSignal: AbortSignal.timeout(START_MS) })
        .catch((error: unknown) => {
          throw startError(error, place)
        })
    },

    /** @returns undefined where there is none */
    async info(name: string, given?: AbortSignal): Promise<Info | undefined> {
      const signal = until(given)
      try {
        const abortSignal = within(signal, QUESTION_MS)
        const head = await client.send(new HeadObjectCommand(keyOf(name)), { abortSignal })
        return {
          bytes: head.ContentLength ?? 0,
          modified: head.LastModified ?? new Date(0),
          sha256: head.Metadata?.['sha256'],
        }
      } catch (error) {
        if (isMissing(error)) return undefined
        throw told(error, signal)
      }
    },

    /** Whether the name of anything begins so. */
    async hasAny(of: string): Promise<boolean> {
      const signal = until()
      try {
        const query = { Bucket, Prefix: `${prefix}${of}`, MaxKeys: 1 }
        const abortSignal = within(signal, QUESTION_MS)
        const { Contents = [] } = await client.send(new ListObjectsV2Command(query), { abortSignal })
        return Contents.length > 0
      } catch (error) {
        throw told(error, signal)
      }
    },

    /** All whose name begins so, by name. */
    listed,

    /**
     * Its bytes from `from` on, before `to`. Where the connection breaks, or was closed as nobody took anything for a while, it is taken up
     * again.
     * @throws UserError `files_gone`
     */
    async *read(name: string, from: number, to: number): AsyncGenerator<Uint8Array> {
      const signal = until()
      for (let at = from; at < to; ) {
        const before = at
        try {
          const Range = `bytes=${at}-${to - 1}`
          const { Body } = await client.send(new GetObjectCommand({ ...keyOf(name), Range }), {
            abortSignal: signal,
          })
          for await (const chunk of Body as Readable) {
            at += (chunk as Uint8Array).length
            yield chunk as Uint8Array
          }
          if (at < to) throw new Error('the answer was cut off')
        } catch (error) {
          if (isMissing(error)) throw new UserError('files_gone')
          if (at === before) throw told(error, signal)
        }
      }
    },

    /** @param sha256 of the file, kept beside it */
    async put(name: string, path: string, sha256: string, given?: AbortSignal): Promise<void> {
      const signal = until(given)
      try {
        signal.throwIfAborted()
        const upload = new Upload({
          client: sending(client, signal),
          params: {
            ...keyOf(name),
            Body: createReadStream(path, { highWaterMark: READ_BYTES }),
            ContentType: TYPES[extname(name)] ?? 'application/octet-stream',
            Metadata: { sha256 },
          },
          partSize: PART_BYTES,
          queueSize: 1,
        })
        await upload.done()
      } catch (error) {
        throw told(error, signal)
      }
    },

    async remove(name: string): Promise<void> {
      const signal = until()
      const abortSignal = within(signal, STEP_MS)
      await client.send(new DeleteObjectCommand(keyOf(name)), { abortSignal }).catch((error) => {
        throw told(error, signal)
      })
    },

    /** What a process that died had begun to send: it is seen nowhere, and paid for. */
    async endUploads(begunBefore: Date, isOurs: (name: string) => boolean): Promise<void> {
      const signal = until()
      const limited = () => ({ abortSignal: within(signal, STEP_MS) })
      try {
        const query = new ListMultipartUploadsCommand({ Bucket, Prefix: prefix })
        for (const { Key = '', UploadId, Initiated } of (await client.send(query, limited())).Uploads ?? [])
          if (Initiated && Initiated < begunBefore && isOurs(Key.slice(prefix.length)))
            await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), limited())
      } catch (error) {
        throw told(error, signal)
      }
    },

    close(): void {
      closing.abort()
      client.destroy()
    },
  }
}

function within(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)])
}

/**
 * For lib-storage, whose own abort lets go of what is under way: each request ends with the signal, so that what was begun is taken back
 * before it says so. What could not be taken back if it ended in the middle is quick. The store checks what comes by its MD5.
 */
function sending(client: S3Client, signal: AbortSignal): S3Client {
  const send = (command: UploadPartCommand) => {
    const { Body } = command.input
    if (Body instanceof Uint8Array) command.input.ContentMD5 = createHash('md5').update(Body).digest('base64')
    const isQuick = [CreateMultipartUploadCommand, AbortMultipartUploadCommand].some(
      (kind) => (command as object) instanceof kind,
    )
    return client.send(command, { abortSignal: isQuick ? AbortSignal.timeout(QUESTION_MS) : signal })
  }
  return Object.assign(Object.create(client) as S3Client, { send })
}
