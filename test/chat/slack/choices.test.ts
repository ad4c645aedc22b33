// The recording that was matched, and those that somebody is asked to choose among, on the card.
import { describe, expect, test } from 'vitest'
import type { Card } from '../../../src/domain/card.ts'
import { everything, expectWithinLimits, mrkdwnIn } from '../../support/slack/card-limits.ts'
import { card, DELIVERED, plain, shown } from '../../support/slack/shown-card.ts'
import { seeded, wildText } from '../../support/slack/wild-text.ts'

const WORD_JOINER = '\u2060'
const HOSTILE = '<!channel> <@U1> <https://evil.example|x> | *b* :smile: `c`'
const video = (id: string) => `https://www.youtube.com/watch?v=${id.padEnd(11, 'x')}`
const choices: Card['choices'] = [
  { value: 'youtube:one', label: 'Rick Astley - Never', detail: '3:33', link: video('one') },
  { value: 'youtube:two', label: 'Never (Live) | BBC', detail: '3:45 · live', link: video('two') },
  { value: 'youtube:three', label: '', detail: '', link: 'javascript:alert(1)' },
]
/** What is left is no markup of anybody's. */
const withoutLinks = (text: string) =>
  text.replace(/<https:\/\/(?:www\.youtube\.com|a\.b)\/[^<>|]*\|[^<>|]*>/g, '')

describe('the recording that was matched', () => {
  const lineOf = (match: Card['match']) =>
    mrkdwnIn(shown({ match }))
      .join('\n')
      .split('\n')
      .find((line) => line.startsWith('Sound: '))

  test('is named beneath the song, with a link, and how sure it is', () => {
    const match = { label: 'Rick Astley - Never', link: video('a'), confidence: 93 }
    const line = `Sound: <${video('a')}|Rick Astley - Never> · 93 % sure`
    expect(lineOf(match)).toBe(line)
    expect(shown({ match }).blocks[1]).toMatchObject({
      text: { text: `Rick Astley\n3:33 · 113 BPM · A♭ major · htdemucs\n${line}` },
      accessory: { type: 'image' },
    })
  })

  test('that a person chose is as sure as they are', () => {
    expect(lineOf({ label: 'Never', link: video('a'), confidence: null })).toBe(
      `Sound: <${video('a')}|Never>`,
    )
    expect(lineOf(null)).toBeUndefined()
  })

  test('whatever it is called, mentions nobody and leads nowhere else', () => {
    const line = lineOf({ label: HOSTILE, link: video('a'), confidence: 50 }) ?? ''
    expect(line).toMatch(/^Sound: <https:\/\/www\.youtube\.com\/watch\?v=a[x]+\|[^<>|]*> · 50 % sure$/)
    expect(withoutLinks(line)).not.toMatch(/[<>]/)
    const long = { label: 'a'.repeat(1000), link: `https://a.b/${'x'.repeat(1000)}`, confidence: 1 }
    expect(lineOf(long)).toBe(`Sound: ${'a'.repeat(149)}… · 1 % sure`)
    expect(lineOf({ label: '\u200b', link: 'file:///x', confidence: 1 })).toBe(
      'Sound: a recording · 1 % sure',
    )
  })

  test('may be another song: there is a button for that', () => {
    const message = shown({ ...DELIVERED, actions: ['retry', 'wrong'] })
    expect(message.blocks.at(-1)).toMatchObject({
      type: 'actions',
      elements: [
        { action_id: `retry:${card.id}` },
        { type: 'button', action_id: `wrong:${card.id}`, value: card.id, text: plain('Wrong song?') },
      ],
    })
  })
})

describe('what there is to choose among', () => {
  const message = shown({ choices })

  test('is listed to be listened to, and stands in a menu beneath', () => {
    expect(message.text).toBe('Never Gonna Give You Up: which one is it?')
    const [list, menu] = message.blocks.slice(2, 4)
    expect(list).toEqual({
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: [
          '*Which one is it?* Listen, then choose below.',
          `1. <${video('one')}|Rick Astley - Never> · 3:33`,
          `2. <${video('two')}|Never (Live) ¦ BBC> · 3:45 · live`,
          '3. Recording',
        ].join('\n'),
        verbatim: true,
      },
    })
    expect(menu).toEqual({
      type: 'actions',
      elements: [
        {
          type: 'static_select',
          action_id: `choose:${card.id}`,
          placeholder: plain('Which one is it?'),
          options: [
            { text: plain('1. Rick Astley - Never'), value: 'youtube:one', description: plain('3:33') },
            { text: plain('2. Never (Live) | BBC'), value: 'youtube:two', description: plain('3:45 · live') },
            { text: plain('3. Recording'), value: 'youtube:three' },
          ],
        },
      ],
    })
    expect(message.blocks.at(-1)).toMatchObject({ elements: [{ action_id: `cancel:${card.id}` }] })
    expectWithinLimits(message)
  })

  test('stands in place of the stages, which wait for it, as does the time', () => {
    for (const plans of [false, true]) {
      const types = shown({ choices }, { plans }).blocks.map(({ type }) => type)
      expect(types).toEqual(['header', 'section', 'section', 'actions', 'context', 'actions'])
    }
    expect(everything(message)).not.toMatch(/█|<!date/)
  })

  test('is gone with the choice', () => {
    expect(everything(shown({ choices: [] }))).not.toMatch(/choose:|Which one/)
  })

  test('mentions nobody, whatever it is called', () => {
    const hostile = choices.map((choice) => ({ ...choice, label: HOSTILE, detail: HOSTILE }))
    for (const text of mrkdwnIn(shown({ choices: hostile })))
      expect(withoutLinks(text).replaceAll(WORD_JOINER, '')).not.toMatch(/[<>]/)
  })

  test.each(['"', '\\', '&', '*', '漢', 'x', ':a:', '|', '🎸'])(
    'is within the limits, ten of them and all full of %s',
    (piece) => {
      const full = piece.repeat(1000)
      for (const count of [1, 10])
        for (const longest of [40, 250, 2048]) {
          const many = Array.from({ length: count }, (_, index) => ({
            value: `${index}`.padEnd(80, 'v'),
            label: full,
            detail: full,
            link: `https://a.b/?${piece.repeat(longest)}`.slice(0, longest),
          }))
          const about = { title: full, artist: full, facts: Array(9).fill(full), notes: Array(9).fill(full) }
          const crowded = shown({ choices: many, ...about, coverUrl: many[0]?.link ?? null })
          expectWithinLimits(crowded)
          expectWithinLimits(shown({ choices: many }))
          expect(everything(crowded)).toContain('Which one is it?')
        }
    },
  )

  test('plain has no word that is not ours, and can be chosen among all the same', () => {
    const rude = choices.map((choice) => ({ ...choice, label: 'Rude' }))
    const match = { label: 'Rude', link: video('a'), confidence: 93 }
    const asked = shown({ choices: rude, match, title: 'Rude' }, { plain: true, personName: 'Rude' })
    expect(everything(asked)).not.toContain('Rude')
    expect(everything(asked)).toContain('youtube:two')
    expectWithinLimits(asked)
  })

  test('is within the limits, whatever it is called', () => {
    const random = seeded(17)
    for (let round = 0; round < 300; round++) {
      const many = Array.from({ length: 1 + Math.floor(random() * 10) }, (_, index) => ({
        value: `youtube:${index}`,
        label: wildText(random),
        detail: wildText(random),
        link: random() < 0.8 ? video(String(index)) : wildText(random),
      }))
      const match = { label: wildText(random), link: wildText(random), confidence: 5 }
      const wild = shown({ choices: many, match, title: wildText(random) })
      expectWithinLimits(wild)
      for (const text of mrkdwnIn(wild)) expect(withoutLinks(text)).not.toMatch(/[<>]/)
    }
  })
})
