import { describe, expect, test } from 'vitest'
import { addressesIn, piecesOf } from '../../src/pages/room/marks.ts'
import { roomName } from '../../src/pages/room/room-name.ts'
import { dayInWords, timeLeft } from '../../src/pages/room/times.ts'
import { clock, sizeInWords } from '../../src/pages/units.ts'

describe('marks', () => {
  test('requests and people, among other words', () => {
    expect(piecesOf('#12 Artist - Title · @Maya · failed', ['Maya'])).toEqual([
      { request: 12 },
      ' Artist - Title · ',
      { person: 'Maya' },
      ' · failed',
    ])
  })

  test('a known name is taken whole, the longest first; an unknown one to its first space', () => {
    const names = ['Jo', 'Jo van Dam']
    expect(piecesOf('@Jo van Dam', names)).toEqual([{ person: 'Jo van Dam' }])
    expect(piecesOf('@Jo says', names)).toEqual([{ person: 'Jo' }, ' says'])
    expect(piecesOf('@somebody else', names)).toEqual([{ person: 'somebody' }, ' else'])
  })

  test('an address is one piece, whatever stands in it', () => {
    expect(piecesOf('see http://127.0.0.1:4747/results/#1/ @ home', [])).toEqual([
      'see ',
      { address: 'http://127.0.0.1:4747/results/#1/' },
      ' @ home',
    ])
  })

  test.each([
    ['see https://a.test/b?c=d#e.', 'https://a.test/b?c=d#e'],
    ['(http://a.test/b_(c)), or', 'http://a.test/b_(c)'],
    ['HTTPS://A.test/?!', 'HTTPS://A.test/'],
    ['“https://a.test/b”, then', 'https://a.test/b'],
    ['<https://a.test/b>', 'https://a.test/b'],
  ])('what ends a sentence is not part of its address: %s', (text, address) => {
    expect(addressesIn(text)).toContainEqual({ address })
    expect(piecesOf(text, [])).toContainEqual({ address })
    const written = addressesIn(text).map((piece) => (typeof piece === 'string' ? piece : piece.address))
    expect(written.join('')).toBe(text)
  })

  test('nothing else is an address', () => {
    for (const text of [
      'javascript:alert(1)',
      'data:text/html,x',
      'ftp://a.test',
      'xhttp://a.test',
      'https://',
      'http://...',
      'http:a.test',
    ])
      expect(addressesIn(text), text).toEqual([text])
    expect(addressesIn('#012 @a https://a.test https://b.test')).toEqual([
      '#012 @a ',
      { address: 'https://a.test' },
      ' ',
      { address: 'https://b.test' },
    ])
  })

  test('other signs are other signs', () => {
    for (const line of ['C#4', '#1a', 'a#1', '&#12;', '# 12', '@ home', '#12345678901'])
      expect(piecesOf(line, []), line).toEqual([line])
  })
})

describe('room names', () => {
  test.each([
    ['main', 'main'],
    ['Second Verse!', 'second-verse'],
    ['Ünser Proberaum', 'unser-proberaum'],
    ['--a__b--', 'a-b'],
    ['日本', ''],
    ['x'.repeat(50), 'x'.repeat(40)],
    [`${'x'.repeat(39)} y`, 'x'.repeat(39)],
  ])('%s -> %s', (written, name) => expect(roomName(written)).toBe(name))
})

describe('times and sizes', () => {
  test('clock', () => expect([0, 59.9, 213, 3700].map(clock)).toEqual(['0:00', '0:59', '3:33', '1:01:40']))

  test('time left', () =>
    expect([-5, 0.5, 5, 71].map(timeLeft)).toEqual([
      'any moment now',
      'any moment now',
      'a few seconds left',
      'about 1:11 left',
    ]))

  test('sizes', () =>
    expect([0, 1, 940, 1000, 3_400_000, 12_600_000, 999_600, 5e9].map(sizeInWords)).toEqual([
      '0 bytes',
      '1 byte',
      '940 bytes',
      '1.0 kB',
      '3.4 MB',
      '13 MB',
      '1.0 MB',
      '5.0 GB',
    ]))

  test('days', () => {
    const now = new Date(2030, 4, 8, 12)
    const on = (month: number, day: number, year = 2030) => dayInWords(new Date(year, month, day, 9), now)
    expect([on(4, 8), on(4, 7), on(4, 1), on(4, 1, 2029)]).toEqual([
      'Today',
      'Yesterday',
      'Wednesday, May 1',
      'May 1, 2029',
    ])
  })
})
