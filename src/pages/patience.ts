// How long to wait before something is tried again. Pure.
import { Refused, Unreachable } from './failures.ts'

const LONGEST_MS = 10_000

/** 1, 2, 4, 8, 10, 10 … seconds, and up to a quarter less, so that pages do not all come back at once. */
export function backoffMs(tries: number, chance = Math.random()): number {
  return Math.min(LONGEST_MS, 1000 * 2 ** (tries - 1)) * (1 - chance / 4)
}

/**
 * How long before the same is asked again.
 * @returns null when it is answered for good; infinity while this person has to enter first
 */
export function waitAfter(error: unknown, tries: number): number | null {
  if (error instanceof Unreachable) return backoffMs(tries)
  if (!(error instanceof Refused)) return null
  if (error.status === 401) return Number.POSITIVE_INFINITY
  // Without a time it is no pause that ends by itself.
  const isPause = error.status === 429 && error.retryAfterSeconds !== null
  return isPause ? (error.retryAfterSeconds ?? 0) * 1000 : null
}
