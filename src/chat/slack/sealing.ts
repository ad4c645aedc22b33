// Installations encrypted at rest: AES-256-GCM under a key made of the app's client secret, bound to the row they belong to.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16

/** @param about what it belongs to: sealed text moved elsewhere cannot be opened */
export function seal(secret: string, about: string, text: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, keyOf(secret), iv).setAAD(Buffer.from(about))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${VERSION}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/** @returns undefined when it was sealed with another secret, for something else, or was changed since */
export function unseal(secret: string, about: string, sealed: string): string | undefined {
  const [version, encoded = ''] = sealed.split('.')
  const bytes = Buffer.from(encoded, 'base64url')
  if (version !== VERSION || bytes.length < IV_BYTES + TAG_BYTES) return undefined
  const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)]
  try {
    const cipher = createDecipheriv(CIPHER, keyOf(secret), iv).setAAD(Buffer.from(about)).setAuthTag(tag)
    return Buffer.concat([cipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), cipher.final()]).toString(
      'utf8',
    )
  } catch {
    return undefined
  }
}

/** RFC 5869. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'sound-forge-alchemy', 'slack installation', 32))
}
