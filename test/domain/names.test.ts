import { describe, expect, test } from 'vitest'
import { safeName, stemFileName, zipFileName } from '../../src/domain/names.ts'

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
    expect(name).toBe('🎸'.repeat(50))
    expect([...safeName('x'.repeat(500))]).toHaveLength(120)
    for (const letter of ['ä', '音', '🎸']) {
      const song = { artist: letter.repeat(300), title: 'b' }
      const file = stemFileName(song, 'vocals', 'mp3')
      expect(file).toMatch(/ \(vocals\)\.mp3$/)
      expect(Buffer.byteLength(file)).toBeLessThan(206)
    }
  })

  test('the stems of a song with a long name have names of their own', () => {
    const song = { artist: 'Band '.repeat(40), title: 'Song' }
    const names = ['vocals', 'drums'].map((stem) => stemFileName(song, stem, 'mp3'))
    expect(names[0]).toMatch(/^Band .* \(vocals\)\.mp3$/)
    expect(names[1]).toMatch(/^Band .* \(drums\)\.mp3$/)
    for (const name of names) expect([...name].length).toBeLessThanOrEqual(124)
    expect(zipFileName({ artist: 'Band', title: 'Song' })).toBe('Band - Song (stems).zip')
  })

  test('a stem carries the song', () => {
    expect(stemFileName({ artist: 'Band', title: 'Song' }, 'vocals', 'mp3')).toBe('Band - Song (vocals).mp3')
    expect(stemFileName({ artist: null, title: 'Song' }, 'drums', 'flac')).toBe('Song (drums).flac')
  })
})
