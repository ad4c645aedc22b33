// The card of an album or a playlist: its songs, as far as there is room.
import { describe, expect, test } from 'vitest'
import type { Card, CardSong } from '../../../src/domain/card.ts'
import { everything, expectWithinLimits, mrkdwnIn } from '../../support/slack/card-limits.ts'
import { DELIVERED, shown } from '../../support/slack/shown-card.ts'
import { seeded, wildText } from '../../support/slack/wild-text.ts'

const song = (number: number, more: Partial<CardSong> = {}): CardSong => ({
  number,
  title: `Song ${number}`,
  artist: 'Band',
  state: 'working',
  fraction: 0,
  error: null,
  ...more,
})
const many = (count: number, more: (index: number) => Partial<CardSong> = () => ({})) =>
  Array.from({ length: count }, (_, index) => song(101 + index, more(index)))
const LIST: Partial<Card> = { title: 'A Night Out', artist: 'Band', facts: [], coverUrl: null }
const ofList = (songs: CardSong[], more: Partial<Card> = {}) => shown({ ...LIST, songs, ...more })
const LINE = /^[✗▸·–✓] /
const linesOf = (message: ReturnType<typeof shown>) =>
  mrkdwnIn(message)
    .flatMap((text) => text.split('\n'))
    .filter((line) => LINE.test(line))

const TWELVE = [
  song(101, { state: 'delivered', fraction: 1 }),
  song(102, { state: 'failed', fraction: 1, error: 'No recording of it was found.' }),
  song(103, { fraction: 0.429 }),
  song(104, { state: 'ready', fraction: 1 }),
  song(105, { state: 'cancelled', fraction: 1 }),
  { ...song(0, { state: 'failed', fraction: 1, error: 'It is a local file.' }), number: null },
  song(106, { artist: 'Somebody Else' }),
  song(107, { state: 'failed', fraction: 1, error: 'No recording of it was found.' }),
  ...many(4),
]

describe('the card of a list', () => {
  test('has a line for each of twelve songs, in its order, in place of the stages', () => {
    for (const plans of [false, true]) {
      const message = shown({ ...LIST, songs: TWELVE, secondsLeft: null }, { plans })
      expect(linesOf(message)).toEqual([
        '✓ #101 Song 101',
        '✗ #102 Song 102: No recording of it was found.',
        '▸ #103 Song 103 · 42%',
        '▸ #104 Song 104 · 100%',
        '– #105 Song 105',
        '✗ Song 0: It is a local file.',
        '· #106 Somebody Else - Song 106',
        '✗ #107 Song 107: the same',
        ...[101, 102, 103, 104].map((number) => `· #${number} Song ${number}`),
      ])
      expect(everything(message)).not.toMatch(/█|"plan"/)
      expectWithinLimits(message)
    }
  })

  test('says in one line how far it is', () => {
    expect(ofList(TWELVE).text).toBe('A Night Out: 1 of 12 delivered, 3 failed, 1 cancelled')
    expect(ofList(TWELVE, { state: 'cancelled' }).text).toBe('A Night Out: cancelled')
    const delivered = ofList(TWELVE, { ...DELIVERED })
    expect(delivered.text).toBe('A Night Out: 1 of 12 delivered, 3 failed, 1 cancelled')
    expect(everything(delivered)).toContain(' · done"')
    expect(everything(delivered)).not.toContain('thread')
  })

  test('of fifty songs has a line for each, as long as their names are', () => {
    const message = ofList(
      many(50, (index) => ({ title: 'A song of some length'.padEnd(60, String(index)) })),
    )
    expect(linesOf(message)).toHaveLength(50)
    expectWithinLimits(message)
  })

  test('that is too long folds what is done first, and what failed last', () => {
    const states = ['delivered', 'failed', 'working', 'cancelled', 'ready'] as const
    const songs = many(50, (index) => ({
      title: '"'.repeat(200),
      state: states[index % 5] ?? 'working',
      error: `${index}: ${'"'.repeat(200)}`,
    }))
    const message = ofList(songs, { notes: Array(5).fill('"'.repeat(300)) })
    const lines = linesOf(message)
    expectWithinLimits(message)
    expect(lines.at(-1)).toBe('✓ 10 more delivered')
    expect(lines.filter((line) => line.startsWith('✗ #'))).toHaveLength(10)
    expect(countOf(lines)).toBe(50)
  })

  test('with nothing but failures says as many as there is room for', () => {
    const songs = many(50, (index) => ({
      state: 'failed',
      title: '"'.repeat(200),
      error: `${index}`.repeat(300),
    }))
    const lines = linesOf(ofList(songs))
    expect(lines.at(-1)).toMatch(/^✗ \d+ more failed$/)
    expect(countOf(lines)).toBe(50)
  })

  test('mentions nobody, whatever its songs are called', () => {
    const hostile = '<!channel> <@U1> <https://x|y> *b* :smile:\n> a'
    const songs = many(12, () => ({ title: hostile, artist: hostile, state: 'failed', error: hostile }))
    for (const text of mrkdwnIn(ofList(songs, { secondsLeft: null }))) expect(text).not.toMatch(/[<>]/)
  })

  test.each([12, 50, 200])('of %i songs is within the limits, whatever they are called', (count) => {
    const random = seeded(count)
    const states = ['working', 'ready', 'failed', 'delivered', 'cancelled'] as const
    for (let round = 0; round < 60; round++) {
      const state = states[Math.floor(random() * 5)] ?? 'working'
      const songs = many(count, () => ({
        title: wildText(random),
        artist: random() < 0.5 ? null : wildText(random),
        state: states[Math.floor(random() * 5)] ?? 'working',
        fraction: random(),
        error: random() < 0.5 ? null : wildText(random),
        ...(random() < 0.1 ? { number: null } : {}),
      }))
      const message = ofList(songs, {
        state,
        title: wildText(random),
        notes: Array.from({ length: 7 }, () => wildText(random)),
        error: { code: 'list_failed', message: wildText(random) },
        secondsLeft: null,
      })
      expectWithinLimits(message)
      expect(countOf(linesOf(message))).toBe(count)
      for (const text of mrkdwnIn(message)) expect(text).not.toMatch(/[<>]/)
    }
  })

  test('plain has no word that is not ours', () => {
    const songs = many(3, () => ({ title: 'Rude', artist: 'Rude', state: 'failed', error: 'Rude.' }))
    const message = shown({ ...LIST, title: 'Rude', artist: 'Rude', songs }, { plain: true })
    expect(everything(message)).not.toContain('Rude')
    expect(linesOf(message)).toHaveLength(3)
  })

  test('that is empty, or not read yet, has no empty block', () => {
    expectWithinLimits(ofList([]))
    expect(everything(ofList([], { songs: null }))).toContain('█')
  })
})

/** Songs that have a line, or are counted by one. */
function countOf(lines: string[]): number {
  return lines.reduce((sum, line) => sum + Number(/^. (\d+) more /.exec(line)?.[1] ?? 1), 0)
}
