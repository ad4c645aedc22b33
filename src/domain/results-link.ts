// The address of a request's results page: signed so that it cannot be guessed, good for a while, void once it is revoked. Pure.
import { createHmac, timingSafeEqual } from 'node:crypto'

const DAY_MS = 86_400_000
const GOOD_FOR_DAYS = 7
const SIGNED = /^([1-9]\d{0,10})-([0-9a-f]{64})$/

/** `version` counts how often the request's addresses were revoked. */
export type Addressed = { id: string; version: number }

/**
 * When an address that is given out now ends to be good: days after the request has ended, or after this day of UTC has begun. So it
 * stays the same until the next day, and is good for six days at least.
 */
export function resultsExpire(endedAt: Date, now: Date): Date {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  return new Date(Math.max(endedAt.getTime(), today) + GOOD_FOR_DAYS * DAY_MS)
}

/** `/results/<request id>/<expires, unix seconds>-<hex of HMAC-SHA256 over "id.version.expires">/` */
export function resultsPath(key: Uint8Array, request: Addressed, expires: Date): string {
  const seconds = Math.floor(expires.getTime() / 1000)
  return `/results/${request.id}/${seconds}-${signature(key, request, seconds).toString('hex')}/`
}

/** @param publicUrl may have a path, with or without a slash at its end */
export function resultsLink(publicUrl: string, path: string): string {
  return new URL(path.slice(1), publicUrl.endsWith('/') ? publicUrl : `${publicUrl}/`).href
}

/** Whether it looks like the signed part of an address, right or not. */
export function isSigned(signed: string): boolean {
  return SIGNED.test(signed)
}

/** @param signed the signed part of an address: `<expires>-<signature>`. An expired one is told from a wrong one by its signature. */
export function checkSigned(
  key: Uint8Array,
  request: Addressed,
  signed: string,
  now: Date,
): { verdict: 'valid' | 'expired'; expires: Date } | { verdict: 'wrong' } {
  const [, seconds, hex] = SIGNED.exec(signed) ?? []
  if (!seconds || !hex) return { verdict: 'wrong' }
  const isRight = timingSafeEqual(Buffer.from(hex, 'hex'), signature(key, request, Number(seconds)))
  if (!isRight) return { verdict: 'wrong' }
  const expires = new Date(Number(seconds) * 1000)
  return { verdict: now < expires ? 'valid' : 'expired', expires }
}

function signature(key: Uint8Array, { id, version }: Addressed, expiresSeconds: number): Buffer {
  return createHmac('sha256', key).update(`${id}.${version}.${expiresSeconds}`).digest()
}
