// What is heard of each stem, and the file that is made of it.
import { describe, expect, test } from 'vitest'
import { isWhole, levelsOf, type StemSetting, wholeMix } from '../../src/pages/results/mixer.ts'
import { wavHeader, wavSamples } from '../../src/pages/results/wav.ts'

const plain: StemSetting = { volume: 1, isMuted: false, isSoloed: false }

describe('levels', () => {
  test('untouched, the stems are the song', () => {
    expect(levelsOf(wholeMix(3))).toEqual({ master: 1, stems: [1, 1, 1] })
    expect(isWhole(levelsOf(wholeMix(3)))).toBe(true)
  })

  test('a muted stem is silent, the others are as they were', () => {
    const mix = { master: 1, stems: [plain, { ...plain, isMuted: true }, { ...plain, volume: 0.5 }] }
    expect(levelsOf(mix).stems).toEqual([1, 0, 0.25])
    expect(isWhole(levelsOf(mix))).toBe(false)
  })

  test('several may be soloed at once, and solo wins over mute', () => {
    const stems = [plain, { ...plain, isSoloed: true, isMuted: true }, { ...plain, isSoloed: true }, plain]
    expect(levelsOf({ master: 1, stems }).stems).toEqual([0, 1, 1, 0])
  })

  test('none is ever louder than the song has it', () => {
    for (let volume = 0; volume <= 1; volume += 0.01)
      expect(levelsOf({ master: volume, stems: [{ ...plain, volume }] }).stems[0]).toBeLessThanOrEqual(1)
  })
})

describe('a WAV file', () => {
  test('its head says what follows', () => {
    const head = Buffer.from(wavHeader(48_000, 2, 1000))
    expect(head.length).toBe(44)
    expect(head.toString('latin1', 0, 4) + head.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ')
    expect(head.readUInt32LE(4)).toBe(36 + 4000)
    expect([head.readUInt16LE(20), head.readUInt16LE(22), head.readUInt32LE(24)]).toEqual([1, 2, 48_000])
    expect([head.readUInt32LE(28), head.readUInt16LE(32), head.readUInt16LE(34)]).toEqual([192_000, 4, 16])
    expect(head.toString('latin1', 36, 40)).toBe('data')
    expect(head.readUInt32LE(40)).toBe(4000)
  })

  test('channels stand beside one another, rounded, and never turn over', () => {
    const left = Float32Array.of(0, 0.5, 1, 1.7)
    const right = Float32Array.of(-0.25, -1, -1.7, 1.6 / 2 ** 15)
    expect([...wavSamples([left, right], 1)]).toEqual([0, -8192, 16_384, -32_768, 32_767, -32_768, 32_767, 2])
    expect([...wavSamples([left], 0.5)]).toEqual([0, 8192, 16_384, 27_853])
  })
})
