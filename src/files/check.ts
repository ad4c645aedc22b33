// Whether the bucket does what is wanted of it, tried with a small object: put there, read back, removed.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Settings } from '../config.ts'
import { describeError } from '../errors.ts'
import { bad, type Finding, good, setting } from '../findings.ts'
import { uploadName } from './files.ts'
import { type S3Place, s3Place } from './s3-place.ts'

/** Nothing of a disk, which shows by itself whether it can be used. */
export async function checkFiles(settings: Settings): Promise<Finding[]> {
  const place = s3Place(settings)
  if (!place) return []
  const cache = await mkdtemp(join(tmpdir(), 'sound-forge-check-'))
  try {
    const { openS3Files } = await import('./s3.ts')
    const files = await openS3Files(place, cache)
    try {
      const startedMs = performance.now()
      const content = Buffer.from(randomUUID())
      const { sha256 } = await files.takeStream(Readable.from([content]), content.length, content.length)
      const name = uploadName(sha256)
      const stored = await files.find(name)
      const isSame = stored !== undefined && content.equals(await buffer(stored.read()))
      const part = stored && (await buffer(stored.read({ from: 9, bytes: 4 })))
      await files.remove(name)
      const isPart = part?.equals(content.subarray(9, 13))
      if (!isSame || !isPart || (await files.has(name)))
        return [bad(`S3: ${settings.FILES} gives back other than was put there`, setting('FILES', 'disk'))]
      const ms = Math.round(performance.now() - startedMs)
      return [good(`S3: ${settings.FILES} takes, gives back and removes an object (${ms} ms)`)]
    } finally {
      await files.close()
    }
  } catch (error) {
    const { cause } = error as { cause?: Error }
    const sentence = (cause?.message ?? describeError(error).message).replace(/\.$/, '')
    return [bad(`S3: ${sentence}`, mendOf(sentence, place))]
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
}

/** By what the sentence says: the words are those of s3-errors.ts. */
function mendOf(sentence: string, { bucket, endpoint }: S3Place): string {
  if (sentence.startsWith('FILES names the bucket'))
    return `aws ${endpoint ? `--endpoint-url ${endpoint} ` : ''}s3 mb s3://${bucket}`
  if (sentence.startsWith('AWS_REGION')) return setting('AWS_REGION', '<region>')
  if (/credentials|AWS_ACCESS_KEY_ID/.test(sentence))
    return `${setting('AWS_ACCESS_KEY_ID', '<key>')}; ${setting('AWS_SECRET_ACCESS_KEY', '<secret>')}`
  return setting('AWS_ENDPOINT_URL', 'https://<host>')
}
