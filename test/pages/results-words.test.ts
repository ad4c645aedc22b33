// What keys mean on the results page, and what it writes.
import { describe, expect, test } from 'vitest'
import { isTaken, type Key, shortcutOf } from '../../src/pages/results/shortcuts.ts'
import { listed, mixFileName } from '../../src/pages/results/words.ts'

function key(changes: Partial<Key>): Key {
  return { key: '', code: '', shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...changes }
}

describe('shortcuts', () => {
  test('digits are known by their place, for with shift they make other signs', () => {
    expect(shortcutOf(key({ key: '2', code: 'Digit2' }))).toEqual({ does: 'mute', stem: 1 })
    expect(shortcutOf(key({ key: '"', code: 'Digit2', shiftKey: true }))).toEqual({ does: 'solo', stem: 1 })
    expect(shortcutOf(key({ key: 'é', code: 'Digit2' }))).toEqual({ does: 'mute', stem: 1 })
    expect(shortcutOf(key({ key: '0', code: 'Digit0' }))).toBeNull()
  })

  test('arrows go by five seconds, with shift by one', () => {
    expect(shortcutOf(key({ key: 'ArrowLeft' }))).toEqual({ does: 'seek', seconds: -5 })
    expect(shortcutOf(key({ key: 'ArrowRight', shiftKey: true }))).toEqual({ does: 'seek', seconds: 1 })
  })

  test("the browser's own are left to it", () => {
    expect(shortcutOf(key({ key: '+', ctrlKey: true }))).toBeNull()
    expect(shortcutOf(key({ key: 'ArrowLeft', altKey: true }))).toBeNull()
    expect(shortcutOf(key({ key: '1', code: 'Digit1', metaKey: true }))).toBeNull()
    expect(shortcutOf(key({ key: 'Tab' }))).toBeNull()
  })

  test('what has the focus keeps the keys that it knows', () => {
    const button = { tag: 'BUTTON', type: '', seeks: false }
    const volume = { tag: 'INPUT', type: 'range', seeks: false }
    const field = { tag: 'INPUT', type: 'text', seeks: false }
    expect([' ', '1', 'ArrowLeft'].map((name) => isTaken(name, button))).toEqual([true, false, false])
    expect([' ', '1', 'ArrowLeft', 'Home'].map((name) => isTaken(name, volume))).toEqual([
      false,
      false,
      true,
      true,
    ])
    expect(isTaken('ArrowLeft', { ...volume, seeks: true })).toBe(false)
    expect([' ', '1', '?'].map((name) => isTaken(name, field))).toEqual([true, true, true])
  })
})

test('lists', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c'])
})

test('the name of a mix says what is in it', () => {
  const song = { artist: 'The Night Shift', title: 'Copper Sky' }
  expect(mixFileName(song, ['vocals', 'drums'])).toBe(
    'The Night Shift - Copper Sky (mix of vocals, drums).wav',
  )
  expect(mixFileName({ ...song, artist: null }, ['bass'])).toBe('Copper Sky (mix of bass).wav')
})
