// What a bucket's errors mean. The SDK's own never go on: they carry keys and whole requests.
import { PauseError, UserError } from '../errors.ts'
import type { S3Place } from './s3-place.ts'

type S3Error = Error & { code?: string; $metadata?: { httpStatusCode?: number } }

const RETRY_SECONDS = 2

const NOT_LET_IN = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'TokenRefreshRequired',
])
const WRONG_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraint',
])
/** Of those that say that the request is wrong: what the same request does not meet another time. */
const PASSING = new Set([
  'BadDigest',
  'IncompleteBody',
  'NoSuchUpload',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'XAmzContentSHA256Mismatch',
])

export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as S3Error).name)
}

/** @returns what is thrown in its place */
export function runError(error: unknown, place: S3Place): Error {
  if (error instanceof UserError) return error
  const { name, message, $metadata } = error as S3Error
  const status = $metadata?.httpStatusCode
  const isWrong = status !== undefined && status >= 400 && status < 500
  const isPassing = !isWrong || [408, 429].includes(status) || PASSING.has(name)
  const refusal = refusalOf(error as S3Error, place)
  const cause = new Error(
    refusal ?? `${reasonOf(error as S3Error)}${status ? ` (${status})` : ''}: ${message}`,
  )
  if (!isPassing && !refusal) return new Error('the bucket does not take it', { cause })
  return new PauseError(
    'files_unavailable',
    'the file store cannot be reached; it goes on when it can',
    RETRY_SECONDS,
    { cause },
  )
}

/** The same where nothing has begun yet, with what to do about it. */
export function startError(error: unknown, place: S3Place): UserError {
  const refusal = refusalOf(error as S3Error, place)
  if (refusal) return new UserError('bad_settings', refusal)
  const where = place.endpoint ?? "Amazon's S3"
  return new UserError(
    'files_unavailable',
    `The bucket ${place.bucket} cannot be reached at ${where} (${reasonOf(error as S3Error)}): check FILES and AWS_ENDPOINT_URL.`,
  )
}

/** Where it is the settings that are wrong: what to do. */
function refusalOf(error: S3Error, { bucket, credentials }: S3Place): string | undefined {
  const { name, message, $metadata } = error
  if (name === 'NoSuchBucket')
    return `FILES names the bucket ${bucket}, which is not there: make it, or name another.`
  if (WRONG_REGION.has(name) || /^Region is missing/.test(message))
    return `AWS_REGION is not the region of the bucket ${bucket}: set it to that.`
  if (name === 'CredentialsProviderError')
    return 'There are no credentials for the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
  if (NOT_LET_IN.has(name))
    return credentials
      ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not accepted by the bucket: copy them anew.'
      : 'The credentials that the AWS SDK found are not accepted by the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
  if (($metadata?.httpStatusCode === 403 && !PASSING.has(name)) || name === 'AccessDenied')
    return `The credentials may not use the bucket ${bucket}: allow what docs/files.md lists.`
  return undefined
}

function reasonOf({ name, code }: S3Error): string {
  return code ?? name
}
