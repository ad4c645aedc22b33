import { describe, expect, test } from 'vitest'
import { hasPlan } from '../../../src/chat/slack/plan.ts'
import type { CardMessage } from '../../../src/chat/slack/render.ts'
import type { Card } from '../../../src/domain/card.ts'
import { everything, expectWithinLimits, mrkdwnIn } from '../../support/slack/card-limits.ts'
import { card, DELIVERED, plain, shown } from '../../support/slack/shown-card.ts'
import { seeded, wildText } from '../../support/slack/wild-text.ts'

describe('a card', () => {
  test('shows the song, its stages, who asked and when it will be ready', () => {
    expect(shown()).toEqual({
      text: 'Never Gonna Give You Up: Separation 42%',
      blocks: [
        { type: 'header', text: plain('Never Gonna Give You Up') },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: 'Rick Astley\n3:33 · 113 BPM · A♭ major · htdemucs',
            verbatim: true,
          },
          accessory: { type: 'image', image_url: 'https://i.scdn.co/image/abc', alt_text: 'Cover' },
        },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: [
              '`Download   ████████ 100%`',
              '`Analysis   ████░░░░  50%` trying again (2 of 3)',
              '`Separation ███░░░░░  42%` loading',
              '`Delivery   ░░░░░░░░   0%`',
            ].join('\n'),
            verbatim: true,
          },
        },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '<!date^1767225690^Ready at about {time}|Ready in about 2 min>',
            verbatim: true,
          },
        },
        { type: 'context', elements: [plain('Request #12 · asked by ann')] },
        {
          type: 'actions',
          elements: [
            { type: 'button', action_id: `cancel:${card.id}`, value: card.id, text: plain('Cancel') },
          ],
        },
      ],
    })
  })

  test('where the workspace takes a plan, shows the same stages as tasks', () => {
    const [bars, plans] = [shown(), shown({}, { plans: true })]
    expect(hasPlan(bars.blocks)).toBe(false)
    expect(hasPlan(plans.blocks)).toBe(true)
    expect(plans.blocks[2]).toEqual({
      type: 'plan',
      title: '1 of 4 done',
      tasks: [
        { type: 'task_card', task_id: 'download', title: 'Download', status: 'complete' },
        {
          type: 'task_card',
          task_id: 'analysis',
          title: 'Analysis (trying again (2 of 3))',
          status: 'pending',
        },
        {
          type: 'task_card',
          task_id: 'processing',
          title: 'Separation 42% (loading)',
          status: 'in_progress',
        },
        { type: 'task_card', task_id: 'delivery', title: 'Delivery', status: 'pending' },
      ],
    })
    const withoutStages = ({ text, blocks }: CardMessage) => ({ text, blocks: blocks.toSpliced(2, 1) })
    expect(withoutStages(plans)).toEqual(withoutStages(bars))
  })

  test.each([
    ['ahead', 'pending'],
    ['waiting', 'pending'],
    ['retrying', 'pending'],
    ['running', 'in_progress'],
    ['done', 'complete'],
    ['discarded', 'error'],
  ] as const)('a stage that is %s is a task that is %s', (state, status) => {
    const lines = card.lines.map((line) => ({ ...line, state }))
    const { blocks } = shown({ lines }, { plans: true })
    expect(textsOf(blocks, 'status')).toEqual([status, status, status, status])
  })

  test('says what went wrong and offers to try again', () => {
    const error = { code: 'not_audio', message: 'That <file> is not audio.' }
    const message = shown({ state: 'failed', error, actions: ['retry'], secondsLeft: null })
    expect(message.text).toBe('Never Gonna Give You Up: failed')
    expect(mrkdwnIn(message)).toContain('That &lt;file&gt; is not audio.')
    expect(message.blocks.at(-1)).toEqual({
      type: 'actions',
      elements: [
        {
          type: 'button',
          action_id: `retry:${card.id}`,
          value: card.id,
          text: plain('Retry'),
          style: 'primary',
        },
      ],
    })
  })

  test('without words for what went wrong takes ours', () => {
    const message = shown({ state: 'failed', error: { code: 'not_audio', message: '' } })
    expect(everything(message)).toContain('That is not audio that can be decoded')
  })

  test.each([
    ['working', 'Separation 42%'],
    ['ready', 'nearly there'],
    ['delivered', 'the stems are here'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
  ] as const)('that is %s says so in one line where no blocks are shown', (state, words) => {
    expect(shown({ state }).text).toBe(`Never Gonna Give You Up: ${words}`)
  })

  test('that works on nothing just now is under way', () => {
    const lines = card.lines.map((line) => ({ ...line, state: 'waiting' as const }))
    expect(shown({ lines }).text).toBe('Never Gonna Give You Up: under way')
  })

  test('delivered shows no stages and no buttons, but what there is to know', () => {
    for (const plans of [false, true]) {
      const message = shown({ ...DELIVERED, notes: ['Drums are silent.', 'Two.'] }, { plans })
      expect(everything(message)).not.toMatch(/█|░|"actions"|"plan"/)
      expect(message.blocks).toContainEqual({
        type: 'context',
        elements: [plain('Drums are silent.'), plain('Two.')],
      })
    }
  })

  test('links to the results page, and to nothing that is no address of the web', () => {
    const linked = (link: string) => mrkdwnIn(shown({ ...DELIVERED, link }))
    expect(linked('https://stems.example/a?b=1&c=<x|y>')).toContain(
      '<https://stems.example/a?b=1&amp;c=%3Cx%7Cy%3E|Play and mix the stems>',
    )
    for (const link of [
      'javascript:alert(1)',
      '<!channel>',
      'ftp://a.b/c',
      `https://a.b/${'x'.repeat(2100)}`,
    ])
      expect(linked(link).join('\n')).not.toContain('Play and mix')
  })

  test('the link of a song without stems promises none', () => {
    const lines = card.lines.filter(({ stage }) => stage !== 'processing')
    const analysed = shown({ ...DELIVERED, lines, link: 'https://stems.example/' })
    expect(mrkdwnIn(analysed)).toContain('<https://stems.example/|See all about the song>')
  })

  test('shows a link as long as it may be, and leaves out one that its escapes make too long', () => {
    const linked = (link: string) => shown({ ...DELIVERED, link })
    expectWithinLimits(linked(`https://a.b/?${'&'.repeat(2000)}`))
    const long = `https://a.b/${'x'.repeat(2000)}`
    expect(mrkdwnIn(linked(long))).toContain(`<${long}|Play and mix the stems>`)
  })

  test.each([
    'http://i.scdn.co/a',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    `https://a.b/${'x'.repeat(1100)}`,
  ])('a cover that is no https address is left out: %#', (coverUrl) =>
    expect(everything(shown({ coverUrl }))).not.toContain('accessory'),
  )

  test('that knows nothing of the song yet has no empty block', () => {
    const message = shown({
      title: '',
      artist: null,
      coverUrl: null,
      facts: [],
      lines: [],
      secondsLeft: null,
    })
    expect(message.blocks.map(({ type }) => type)).toEqual(['header', 'context', 'actions'])
    expectWithinLimits(shown({ artist: '\u200b', facts: [' '] }))
  })

  test('mentions nobody, not even who asked, whatever their name', () => {
    const hostile = '<!channel> <!here> <!everyone> <@U1> <#C1> <!subteam^S1> <https://x|y> @everyone'
    for (const plans of [true, false])
      for (const state of ['working', 'delivered', 'failed'] as const) {
        const message = shown(
          {
            state,
            title: hostile,
            artist: hostile,
            facts: [hostile],
            notes: [hostile],
            error: { code: 'internal', message: hostile },
            lines: card.lines.map((line) => ({ ...line, note: hostile })),
          },
          { plans, personName: hostile },
        )
        for (const text of mrkdwnIn(message)) expect(text.replace(/<!date\^[^>]*>/, '')).not.toMatch(/[<>]/)
        expect(everything(message)).not.toContain('U0ANN')
      }
    expect(everything(shown({}, { personName: null }))).not.toContain('asked by')
  })

  test('plain has no word that is not ours', () => {
    const word = 'Rude'
    for (const plans of [true, false]) {
      const message = shown(
        {
          title: word,
          artist: word,
          coverUrl: `https://example.org/${word}`,
          notes: [`No BPM and key this time: ${word}.`],
          error: { code: 'not_audio', message: `${word} is not audio.` },
          lines: [{ stage: 'download', label: 'Download', state: 'waiting', fraction: 0, note: word }],
        },
        { plain: true, plans, personName: word },
      )
      expect(everything(message)).not.toContain(word)
      expect(message.text).toBe('Song #12: under way')
      expect(everything(message)).toContain('That is not audio that can be decoded')
      expect(everything(message)).toContain('No BPM and key this time')
    }
  })

  test.each([
    ['<!channel> & <@U1>', '<!channel> & <@U1>'],
    ['*bold* _it_ ~no~ `code` :smile:', '*bold* _it_ ~no~ `code` :smile:'],
    ['a\u202egnos\u0007\n\nb', 'a gnos b'],
    ['\ud800x', '\ufffdx'],
    ['\u200b\u3164 \u2800', 'Song #12'],
    ['', 'Song #12'],
    ['x'.repeat(1_000_000), `${'x'.repeat(149)}…`],
    ['🎸'.repeat(500_000), `${'🎸'.repeat(74)}…`],
  ])('a title shows as it is: %#', (title, wanted) => {
    expect(shown({ title }).blocks[0]).toEqual({ type: 'header', text: plain(wanted) })
  })

  test('of huge texts is made without delay', () => {
    const huge = '*<&_'.repeat(250_000)
    const since = performance.now()
    const message = shown({ title: huge, artist: huge, facts: [huge], notes: [huge] }, { personName: huge })
    expect(performance.now() - since).toBeLessThan(1000)
    expectWithinLimits(message)
  })

  test('has percents between 0 and 100, whatever it is given', () => {
    for (const [fraction, percent] of [
      [-1, 0],
      [2, 100],
      [Number.NaN, 0],
      [0.999, 99],
    ] as const)
      for (const plans of [true, false]) {
        const lines = card.lines.map((line) => ({ ...line, state: 'running' as const, fraction, note: null }))
        const message = shown({ lines }, { plans })
        expect(message.text).toMatch(new RegExp(`: Download ${percent}%$`))
        const percents = everything(message).match(/[^ ]+%/g) ?? []
        expect(new Set(percents)).toEqual(new Set([`${percent}%`]))
      }
  })

  test("stays within Slack's limits, whatever it is given", () => {
    const random = seeded(7)
    for (let round = 0; round < 500; round++) {
      const text = () => wildText(random)
      const many = (most: number) => Array.from({ length: Math.floor(random() * most) }, text)
      const error = random() < 0.5 ? { code: 'internal', message: text() } : null
      const states = ['working', 'ready', 'failed', 'delivered', 'cancelled'] as const
      const state = states[Math.floor(random() * states.length)] ?? 'ready'
      const wild: Partial<Card> = {
        title: text(),
        artist: text(),
        facts: many(12),
        notes: many(12),
        error,
        state,
        lines: card.lines.map((line) => ({ ...line, note: text(), fraction: random() * 3 - 1 })),
        coverUrl: random() < 0.5 ? `https://a.b/${text()}` : text(),
        link: state === 'delivered' ? `https://a.b/${text()}` : null,
        secondsLeft: random() * 1e6,
      }
      const wishes = { plain: random() < 0.3, plans: random() < 0.5, personName: text() }
      expectWithinLimits(shown(wild, wishes))
    }
  })

  test.each(['"', '\\', '&', '*', '漢', 'x', ':a:'])(
    'is not too long in all when it is full of %s',
    (piece) => {
      const full = piece.repeat(5000)
      const address = (longest: number) => `https://a.b/?${piece.repeat(longest)}`.slice(0, longest)
      const states: Partial<Card>[] = [
        { state: 'working' },
        { state: 'failed', error: { code: 'internal', message: full } },
        ...[300, 400, 1000, 2048].map((longest) => ({ ...DELIVERED, link: address(longest) })),
      ]
      for (const plans of [true, false])
        for (const state of states)
          for (const longest of [500, 1000, 2048]) {
            const filled = {
              title: full,
              artist: full,
              facts: Array(9).fill(full),
              notes: Array(9).fill(full),
              lines: card.lines.map((line) => ({ ...line, note: full })),
              coverUrl: address(longest),
              actions: ['cancel' as const, 'retry' as const],
            }
            expectWithinLimits(shown({ ...filled, ...state }, { plans, personName: full }))
          }
    },
  )
})

function textsOf(node: unknown, key: string): unknown[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, value]) => (name === key ? [value] : textsOf(value, key)))
}
