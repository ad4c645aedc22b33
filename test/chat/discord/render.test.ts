import { describe, expect, test } from 'vitest'
import { inLine } from '../../../commands/lines.ts'
import { escapeMarkdown, foreignText } from '../../../src/chat/discord/markdown.ts'
import { footerOf } from '../../../src/chat/discord/render.ts'
import { renderText } from '../../../src/chat/discord/render-text.ts'
import { cleanText, plainText } from '../../../src/chat/foreign-text.ts'
import { numbersIn } from '../../../src/chat/reply-marks.ts'
import type { Card } from '../../../src/domain/card.ts'
import { CARD, describing, expectWithinLimits, rendered } from '../../support/discord/rendered.ts'
import { seeded, wildText } from '../../support/discord/wild.ts'

const SONG = { number: 13, title: 'x', artist: null, state: 'failed' as const, fraction: 1, error: null }

describe('a card', () => {
  test('shows the song, its stages, who asked and when it will be ready', () => {
    const message = rendered()
    expect(message).toEqual({
      content: '',
      embeds: [
        {
          title: 'Never Gonna Give You Up',
          description: [
            'Rick Astley',
            '3:33 · 113 BPM · A♭ major · htdemucs',
            '',
            '`Download   ████████ 100%`',
            '`Analysis   ████░░░░  50%` trying again (2 of 3)',
            '`Separation ███░░░░░  42%` loading',
            '`Delivery   ░░░░░░░░   0%`',
            '',
            'Ready <t:1767225690:R>',
            '',
            'Asked by <@80351110224678912>',
          ].join('\n'),
          color: 0xe67e22,
          footer: { text: 'Request #12' },
          thumbnail: { url: 'https://i.scdn.co/image/abc' },
        },
      ],
      components: [
        { type: 1, components: [{ type: 2, style: 2, label: 'Cancel', custom_id: `cancel:${CARD.id}` }] },
      ],
      allowed_mentions: { parse: [] },
    })
    expect(message).not.toHaveProperty('attachments')
    expect(footerOf(12)).toBe(message.embeds[0]?.footer?.text)
  })

  test('has a colour for every state', () => {
    const waiting = CARD.lines.map((line) => ({ ...line, state: 'waiting' as const }))
    const colours = [
      rendered({ lines: waiting }),
      rendered(),
      rendered({ choices: [{ value: 'youtube:a', label: 'A', detail: '', link: 'https://a.example' }] }),
      ...(['delivered', 'failed', 'cancelled'] as const).map((state) => rendered({ state })),
    ].map((message) => message.embeds[0]?.color)
    expect(new Set(colours).size).toBe(6)
    expect(rendered({ state: 'ready' }).embeds[0]?.color).toBe(colours[1])
  })

  test('says what went wrong and offers to try again', () => {
    const error = { code: 'not_audio', message: 'That *file* is not audio.' }
    const message = rendered({ state: 'failed', error, actions: ['retry'], secondsLeft: null })
    expect(describing(message)).toContain('That \\*file\\* is not audio.')
    expect(message.components[0]?.components[0]).toMatchObject({
      label: 'Retry',
      custom_id: `retry:${CARD.id}`,
    })
  })

  test('delivered shows no bars and no buttons', () => {
    const message = rendered({ state: 'delivered', actions: [], notes: ['Drums are silent.'] })
    expect(message.components).toEqual([])
    expect(describing(message)).not.toMatch(/█|░/)
    expect(describing(message)).toContain('Drums are silent.')
  })

  test('links to the results page', () => {
    const delivered = { state: 'delivered' as const, actions: [] }
    expect(describing(rendered({ ...delivered, link: 'https://stems.example/a_(b)' }))).toContain(
      '[Play and mix the stems](https://stems.example/a_%28b%29)',
    )
    expect(describing(rendered({ ...delivered, link: 'javascript:alert(1)' }))).not.toContain('javascript')
  })

  test('says whose sound it is, and takes another', () => {
    const match = {
      label: 'Band - [Live] @here *x*',
      link: 'https://www.youtube.com/watch?v=a',
      confidence: 93,
    }
    const message = rendered({ match, actions: ['cancel', 'wrong'] })
    expect(describing(message).split('\n').slice(0, 3)).toEqual([
      'Rick Astley',
      '3:33 · 113 BPM · A♭ major · htdemucs',
      'Sound: [Band - (Live) \\@here \\*x\\*](https://www.youtube.com/watch?v=a) · 93 % sure',
    ])
    expect(message.components).toEqual([
      {
        type: 1,
        components: [
          { type: 2, style: 2, label: 'Cancel', custom_id: `cancel:${CARD.id}` },
          { type: 2, style: 2, label: 'Wrong song?', custom_id: `wrong:${CARD.id}` },
        ],
      },
    ])
    const chosen = describing(rendered({ match: { ...match, confidence: null } }))
    expect(chosen).toMatch(/watch\?v=a\)$/m)
    expect(chosen).not.toContain('sure')
    const script = describing(rendered({ match: { ...match, link: 'javascript:alert(1)' } }))
    expect(script).toContain('Sound: Band - (Live) \\@here \\*x\\* · 93 % sure')
  })

  test('plain has no word that is not ours', () => {
    const word = 'Rude'
    const message = rendered(
      {
        title: word,
        artist: word,
        coverUrl: `https://example.org/${word}`,
        notes: [`No BPM and key this time: ${word}.`],
        error: { code: 'not_audio', message: `${word} is not audio.` },
        lines: [{ stage: 'download', label: 'Download', state: 'waiting', fraction: 0, note: word }],
        match: { label: word, link: `https://example.org/${word}`, confidence: 93 },
        choices: [{ value: 'youtube:a', label: word, detail: word, link: `https://example.org/${word}` }],
      },
      true,
    )
    const list = rendered({ songs: [{ ...SONG, title: word, artist: word, error: word }] }, true)
    for (const one of [message, list]) expect(JSON.stringify(one)).not.toContain(word)
    expect(describing(list)).toContain('✗ #13 Song')
    expect(message.embeds[0]?.title).toBe('Song #12')
    expect(describing(message)).toContain('That is not audio that can be decoded')
    expect(describing(message)).toContain('No BPM and key this time')
  })

  test.each([
    ['@everyone <@1> <@&2> <#3>', '\\@everyone \\<\\@1\\> \\<\\@&2\\> \\<#3\\>'],
    ['**bold** _it_ ~~no~~ `code` ||spoiler||', /^\\\*\\\*bold/],
    ['[click](https://evil.example)', '\\[click\\](https\\://evil.example)'],
    ['# big', '\\# big'],
    ['1. one', '1\\. one'],
    ['a\u202egnos\u0007\n\nb', 'a gnos b'],
    ['\ud800x', '\ufffdx'],
    ['\u200b\u3164 \u2800', 'Song #12'],
    ['', 'Song #12'],
  ])('a title shows as it is: %j', (title, wanted) => {
    const shownTitle = rendered({ title }).embeds[0]?.title
    if (typeof wanted === 'string') expect(shownTitle).toBe(wanted)
    else expect(shownTitle).toMatch(wanted)
  })

  test.each([
    'http://i.scdn.co/a',
    'javascript:alert(1)',
    'attachment://a.png',
    `https://a.b/${'x'.repeat(2100)}`,
  ])('a cover that is no https address is left out: %#', (coverUrl) =>
    expect(rendered({ coverUrl }).embeds[0]).not.toHaveProperty('thumbnail'),
  )

  test("stays within Discord's limits, whatever it is given", () => {
    const random = seeded(7)
    for (let round = 0; round < 500; round++) {
      const text = () => wildText(random)
      const many = (most: number) => Array.from({ length: Math.floor(random() * most) }, text)
      const wildLink = () => (random() < 0.5 ? text() : `https://a.example/${'a'.repeat(random() * 400)}`)
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
        lines: CARD.lines.map((line) => ({ ...line, note: text(), fraction: random() * 3 - 1 })),
        coverUrl: random() < 0.5 ? `https://${text()}` : text(),
        link: `https://${text()}`,
        secondsLeft: random() * 1e6,
        match: random() < 0.5 ? { label: text(), link: `https://${text()}`, confidence: 50 } : null,
        choices: many(10).map((label, at) => ({
          value: `youtube:${at}`,
          label,
          detail: text(),
          link: wildLink(),
        })),
        songs:
          random() < 0.5
            ? null
            : many(60).map((title) => ({ ...SONG, title, artist: text(), error: text() })),
        actions: ['cancel', 'retry', 'wrong'],
      }
      expectWithinLimits(rendered(wild, random() < 0.3))
    }
  })
})

describe('an answer for one person', () => {
  const reply = {
    kind: 'text' as const,
    title: 'Your *songs*',
    lines: ['#{12} by @{34}: a_b', '#{13} is done', '@everyone'],
  }
  const linkOf = (number: number) => (number === 12 ? 'https://discord.com/channels/1/2/3' : undefined)

  test('names people and links messages; the rest shows as it is', () => {
    expect(numbersIn(reply)).toEqual([12, 13])
    expect(renderText(reply, { linkOf })).toBe(
      '**Your \\*songs\\***\n[#12](https://discord.com/channels/1/2/3) by <@34>: a\\_b\n#13 is done\n\\@everyone',
    )
  })

  test('an address of ours can be clicked, and nobody else writes one', () => {
    const address = 'https://stems.example/my_band/results/a-b/1-c*d/?x=1&y=__2__'
    const foreign = inLine(`&{${address}} https://evil.example`, 200)
    const lines = [`&{${address}}`, foreign, '&{javascript:alert(1)}']
    expect(
      renderText({ ...reply, lines }, { linkOf })
        .split('\n')
        .slice(1),
    ).toEqual([
      `<${address}>`,
      expect.stringMatching(/^& \{https\\:\/\/.* https\\:\/\/evil\.example$/),
      '&{javascript:alert(1)}',
    ])
  })

  test('is cut at whole lines and says how many are left out', () => {
    const lines = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(70)}`)
    const text = renderText({ ...reply, lines }, { linkOf })
    expect(text.length).toBeLessThanOrEqual(2000)
    const shownLines = text.split('\n').length - 2
    expect(text).toMatch(new RegExp(`…and ${60 - shownLines} more$`))
  })

  test('has at most 2000 characters, whatever it is given', () => {
    const random = seeded(11)
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: Math.floor(random() * 30) }, () => `#{12} ${wildText(random)} @{34}`)
      const text = renderText({ kind: 'text', title: wildText(random), lines }, { linkOf })
      expect(text.length).toBeLessThanOrEqual(2000)
      expect(text.isWellFormed()).toBe(true)
    }
  })
})

describe('foreign text', () => {
  test('is cut between characters and never within an escape', () => {
    expect(foreignText('🎸'.repeat(10), 9)).toBe(`${'🎸'.repeat(4)}…`)
    expect(foreignText('****', 5)).toBe('\\*\\*…')
    expect(foreignText('****', 8)).toBe('\\*\\*\\*\\*')
    expect(plainText('*'.repeat(200), 100)).toBe(`${'*'.repeat(99)}…`)
    const random = seeded(3)
    for (let round = 0; round < 1000; round++) {
      const longest = 1 + Math.floor(random() * 60)
      const cut = foreignText(wildText(random), longest)
      expect(cut.length).toBeLessThanOrEqual(longest)
      expect(cut.isWellFormed()).toBe(true)
    }
  })

  test('escaped, reads as before it was', () => {
    const random = seeded(5)
    for (let round = 0; round < 1000; round++) {
      const text = cleanText(wildText(random).slice(0, 100))
      expect(escapeMarkdown(text).replace(/\\([^0-9A-Za-z\s])/g, '$1')).toBe(text)
    }
  })
})
