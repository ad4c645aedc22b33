// The settings by which a bucket is reached; none of them, no bucket.
import type { Settings } from '../config.ts'

export type S3Place = {
  bucket: string
  /** What the name of every object begins with: nothing, or something that ends with a slash. */
  prefix: string
  /** Undefined: Amazon's. */
  endpoint: string | undefined
  region: string | undefined
  /** Undefined: as the SDK finds them. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined
}

export function s3Place(settings: Settings): S3Place | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(settings.FILES) ?? []
  if (!bucket) return undefined
  const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = settings
  return {
    bucket,
    prefix: prefix && `${prefix}/`,
    endpoint,
    // Others have none, and the signature wants one.
    region: settings.AWS_REGION ?? (endpoint ? 'us-east-1' : undefined),
    credentials:
      AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
        ? {
            accessKeyId: AWS_ACCESS_KEY_ID,
            secretAccessKey: AWS_SECRET_ACCESS_KEY,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          }
        : undefined,
  }
}
