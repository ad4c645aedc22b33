// Slack's ids and timestamps.
import { randomInt } from 'node:crypto'

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'

/** As T0A1B2C3D4: what it is, then ten characters. */
export const newId = (prefix: string): string =>
  prefix + Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('')

export const newDigits = (count: number): string =>
  Array.from({ length: count }, (_, n) => randomInt(n === 0 ? 1 : 0, 10)).join('')

/** Message timestamps: seconds with six decimals, no two alike, always growing. */
export function createTimestamps(nowMs: () => number) {
  let last = 0n
  return (): string => {
    const now = BigInt(Math.floor(nowMs())) * 1000n
    last = now > last ? now : last + 1n
    const text = last.toString()
    return `${text.slice(0, -6)}.${text.slice(-6)}`
  }
}

export const isTimestamp = (text: string): boolean => /^\d{10}\.\d{6}$/.test(text)

/** For comparisons, of a ts or of any number of seconds. */
export const microseconds = (ts: string): bigint => {
  const [seconds = '0', fraction = ''] = ts.split('.')
  return BigInt(seconds || '0') * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}
