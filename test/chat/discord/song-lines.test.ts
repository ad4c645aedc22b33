import { describe, expect, test } from 'vitest'
import type { CardSong } from '../../../src/domain/card.ts'
import { CARD, describing, expectWithinLimits, rendered } from '../../support/discord/rendered.ts'

const song = (at: number, more: Partial<CardSong> = {}): CardSong => ({
  number: 100 + at,
  title: `Song ${at}`,
  artist: 'Band',
  state: 'delivered',
  fraction: 1,
  error: null,
  ...more,
})
const songs = (count: number, more: Partial<CardSong> = {}) =>
  Array.from({ length: count }, (_, at) => song(at, more))
const album = { title: 'Album', artist: 'Band', facts: [], lines: [], secondsLeft: null }
const linesOf = (all: CardSong[], more = {}) => {
  const message = rendered({ ...album, songs: all, ...more })
  expectWithinLimits(message)
  const [artist, ...lines] = describing(message).split('\n').filter(Boolean)
  expect([artist, lines.pop()]).toEqual(['Band', `Asked by <@${CARD.person}>`])
  return lines
}
const ROBOT = 'YouTube takes this machine for a robot: send the file itself, or ask again tomorrow.'

describe('the songs of a list', () => {
  test('have a line each, with how they stand', () => {
    const all = [
      song(1),
      song(2, { state: 'working', fraction: 0.425 }),
      song(3, { state: 'ready', fraction: 0.9 }),
      song(4, { state: 'working', fraction: 0 }),
      song(5, { state: 'failed', error: ROBOT }),
      song(6, { state: 'failed', error: ROBOT }),
      song(7, { state: 'failed' }),
      song(8, { state: 'cancelled', artist: 'Somebody' }),
      song(9, { number: null, state: 'failed', artist: null, error: 'It is a local file.' }),
    ]
    expect(linesOf(all)).toEqual([
      '✓ #101 Song 1',
      '▸ #102 Song 2 · 42%',
      '▸ #103 Song 3 · 90%',
      '· #104 Song 4',
      `✗ #105 Song 5: ${ROBOT}`,
      '✗ #106 Song 6: the same',
      '✗ #107 Song 7',
      '– #108 Somebody - Song 8',
      '✗ Song 9: It is a local file.',
    ])
  })

  test('are all there, twelve or fifty', () => {
    for (const count of [12, 50]) expect(linesOf(songs(count))).toHaveLength(count)
    expect(linesOf(songs(50, { state: 'failed', error: ROBOT }))).toHaveLength(50)
  })

  test('show titles as they are, each on one line', () => {
    const nasty = ['**x**\n# y', '@everyone <@1>', '[a](https://evil.example)', '\u202e\u200b', '`a` ||b||']
    for (const count of [12, 50]) {
      const all = Array.from({ length: count }, (_, at) =>
        song(at, { title: nasty[at % nasty.length] ?? '' }),
      )
      const lines = linesOf(all)
      expect(lines).toHaveLength(count)
      expect(lines.slice(0, 5)).toEqual([
        '✓ #100 \\*\\*x\\*\\* # y',
        '✓ #101 \\@everyone \\<\\@1\\>',
        '✓ #102 \\[a\\](https\\://evil.example)',
        '✓ #103 Song',
        '✓ #104 \\`a\\` \\|\\|b\\|\\|',
      ])
    }
  })

  test('that are through are counted first where there is no room, and those that failed stay', () => {
    const title = 'A title of some length 🎸'.repeat(20)
    const all = songs(50, { title }).map((one, at): CardSong => {
      if (at % 10 === 0) return { ...one, state: 'failed', error: `${at} ${'why '.repeat(100)}` }
      if (at === 45) return { ...one, state: 'working', fraction: 0.5 }
      return at > 45 ? { ...one, state: 'working', fraction: 0 } : one
    })
    const lines = linesOf(all)
    expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(5)
    expect(lines.filter((line) => line.startsWith('▸'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('·'))).toHaveLength(4)
    const through = lines.filter((line) => /^✓ #/.test(line)).length
    expect(lines.at(-1)).toBe(`✓ ${40 - through} more delivered`)
    expect(through).toBeGreaterThan(10)
    const order = lines.flatMap((line) => /#(\d+)/.exec(line)?.[1] ?? [])
    expect(order).toEqual(order.toSorted())
  })

  test('are counted even where each has failed for a long reason of its own', () => {
    const all = songs(50).map(
      (one, at): CardSong => ({
        ...one,
        title: '*'.repeat(500),
        state: 'failed',
        error: `${at} ${'*'.repeat(500)}`,
      }),
    )
    const lines = linesOf(all)
    expect(lines.at(-1)).toBe(`✗ ${50 - (lines.length - 1)} more failed`)
    expect(lines.length).toBeGreaterThan(12)
  })
})
