import { describe, expect, test } from 'vitest'
import { safeName, stemFileName } from '../../src/domain/names.ts'

describe('names that every system takes', () => {
  test.each([
    ['Song', 'Song'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['-rf', 'rf'],
    ['.hidden', 'hidden'],
    ['a/b\\c:d*e?f"g<h>i|j', 'a_b_c_d_e_f_g_h_i_j'],
    ['line\nbreak\ttab', 'line break tab'],
    ['Ünïcödé 🎸 “quotes”', 'Ünïcödé 🎸 “quotes”'],
    ['right‮to left', 'right to left'],
    ['ends with dots...', 'ends with dots'],
    ['CON', '_CON'],
    ['nul.mp3', '_nul.mp3'],
    ['', 'untitled'],
    ['...', 'untitled'],
    ['///', '___'],
  ])('%j becomes %j', (text, name) => {
    expect(safeName(text)).toBe(name)
  })

  test('a long one is cut without breaking a character', () => {
    const name = safeName('🎸'.repeat(500))
    expect([...name]).toHaveLength(120)
    expect(
      Buffer.byteLength(stemFileName({ artist: 'ä'.repeat(300), title: 'b' }, 'vocals', 'mp3')),
    ).toBeLessThan(256)
  })

  test('a stem carries the song', () => {
    expect(stemFileName({ artist: 'Band', title: 'Song' }, 'vocals', 'mp3')).toBe('Band - Song (vocals).mp3')
    expect(stemFileName({ artist: null, title: 'Song' }, 'drums', 'flac')).toBe('Song (drums).flac')
  })
})
