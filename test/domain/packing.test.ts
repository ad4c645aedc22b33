import { describe, expect, test } from 'vitest'
import { type Format, packingNotes, packingsFor, smallerLimit } from '../../src/domain/packing.ts'

const MiB = 1024 ** 2
const best = (wanted: Format, seconds: number, bytes: number) => {
  const [packing] = packingsFor(wanted, seconds, bytes)
  return packing && (packing.format === 'mp3' ? packing.bitrateKbps : packing.format)
}

describe('the best encoding that fits', () => {
  test.each<[Format, number, number, string | number | undefined]>([
    ['mp3', 120, Number.POSITIVE_INFINITY, 320],
    ['mp3', 4 * 60, 10 * MiB, 320],
    ['mp3', 5 * 60, 10 * MiB, 256],
    ['mp3', 7 * 60, 10 * MiB, 192],
    ['mp3', 15 * 60, 10 * MiB, 80],
    ['mp3', 60 * 60, 10 * MiB, undefined],
    ['mp3', 60 * 60, 50 * MiB, 112],
    ['wav', 30, 10 * MiB, 'wav'],
    ['wav', 60, 10 * MiB, 'flac'],
    ['wav', 3600, Number.POSITIVE_INFINITY, 'wav'],
    ['flac', 3600, Number.POSITIVE_INFINITY, 'flac'],
  ])('%s of %d s within %d bytes: %s', (wanted, seconds, bytes, expected) => {
    expect(best(wanted, seconds, bytes)).toBe(expected)
  })

  test('lossless is followed by every rate that fits, for when it turns out too large', () => {
    const rates = packingsFor('wav', 200, 10 * MiB).map(({ format, bitrateKbps }) => bitrateKbps || format)
    expect(rates).toEqual(['flac', 320, 256, 224, 192, 160, 128, 112, 96, 80, 64])
  })

  test('what is other than asked for is said', () => {
    expect(packingNotes('mp3', { format: 'mp3', bitrateKbps: 320 }, 10 * MiB)).toEqual([])
    expect(packingNotes('mp3', { format: 'mp3', bitrateKbps: 192 }, 10 * MiB)[0]).toMatch(
      /192 kbit\/s.*10 MiB/,
    )
    expect(packingNotes('wav', { format: 'flac', bitrateKbps: 0 }, 10 * MiB)[0]).toMatch(
      /FLAC in place of WAV/,
    )
    expect(packingNotes('flac', { format: 'mp3', bitrateKbps: 320 }, 10 * MiB)[0]).toMatch(
      /MP3 in place of FLAC/,
    )
  })

  test('after a refusal the limit steps down and ends', () => {
    expect([500, 50, 10, 8].map((n) => smallerLimit(n * MiB))).toEqual([100, 25, 8, 4].map((n) => n * MiB))
    expect(smallerLimit(2 * MiB)).toBeUndefined()
  })
})
