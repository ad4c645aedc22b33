import { describe, expect, test } from 'vitest'
import { CARD, describing, expectWithinLimits, rendered } from '../../support/discord/rendered.ts'

const choice = (at: number, more: object = {}) => ({
  value: `youtube:video${at}`,
  label: `Band - Song ${at}`,
  detail: '3:33 · live',
  link: `https://www.youtube.com/watch?v=video${at}`,
  ...more,
})
const asking = { artist: null, facts: [], lines: [], secondsLeft: null }

describe('what there is to choose among', () => {
  test('is listed with links, and offered in a menu above the buttons', () => {
    const message = rendered({ ...asking, choices: [choice(1), choice(2, { detail: '' })] })
    expect(describing(message)).toBe(
      [
        '**Which one is it?** Listen, then choose below.',
        '1. [Band - Song 1](https://www.youtube.com/watch?v=video1) · 3:33 · live',
        '2. [Band - Song 2](https://www.youtube.com/watch?v=video2)',
        '',
        `Asked by <@${CARD.person}>`,
      ].join('\n'),
    )
    const [menu, buttons] = message.components
    expect(menu).toEqual({
      type: 1,
      components: [
        {
          type: 3,
          custom_id: `choose:${CARD.id}`,
          placeholder: 'Which one is it?',
          options: [
            { label: '1. Band - Song 1', value: 'youtube:video1', description: '3:33 · live' },
            { label: '2. Band - Song 2', value: 'youtube:video2' },
          ],
        },
      ],
    })
    expect(buttons?.components).toMatchObject([{ type: 2, label: 'Cancel' }])
  })

  test('is not there when nobody is asked', () => {
    const message = rendered()
    expect(describing(message)).not.toContain('Which one')
    expect(message.components).toHaveLength(1)
  })

  test('shows titles as they are: no link, no markup, no mention of theirs', () => {
    const label = 'x](https://evil.example) [**y** @everyone <@1>'
    const message = rendered({
      ...asking,
      choices: [choice(1, { label, detail: '[z](https://evil.example)' })],
    })
    const line = describing(message).split('\n')[1] ?? ''
    expect([...line.matchAll(/\]\(/g)]).toHaveLength(2)
    expect(line).toContain(
      '[x)(https\\://evil.example) (\\*\\*y\\*\\* \\@everyone \\<\\@1\\>](https://www.youtube.com',
    )
    expect(line).toContain(' · \\[z\\](https\\://evil.example)')
    expect(message.components[0]?.components[0]).toMatchObject({ options: [{ label: `1. ${label}` }] })
  })

  test('has a name even where it has none, and no link where there is none to follow', () => {
    const message = rendered({
      ...asking,
      choices: [choice(1, { label: '\u200b', link: 'file:///etc/passwd' })],
    })
    expect(describing(message)).toContain('1. Recording · 3:33 · live')
    expect(message.components[0]?.components[0]).toMatchObject({ options: [{ label: '1. Recording' }] })
  })

  test('is offered once, and only where Discord takes it', () => {
    const choices = [
      choice(1),
      choice(1, { label: 'again' }),
      choice(2, { value: 'x'.repeat(101) }),
      choice(3),
    ]
    const message = rendered({ ...asking, choices })
    const options = [{ value: 'youtube:video1' }, { label: '2. Band - Song 3', value: 'youtube:video3' }]
    expect(message.components[0]?.components[0]).toMatchObject({ options })
    expect(describing(message)).toContain('\n2. [Band - Song 3]')
  })

  test('of ten, with long titles, stays on the card', () => {
    const long = (letter: string) => letter.repeat(1000)
    const choices = Array.from({ length: 10 }, (_, at) =>
      choice(at, { label: long('🎸'), detail: long('*'), link: `https://a.example/${'a'.repeat(120)}` }),
    )
    const message = rendered({ choices })
    expectWithinLimits(message)
    expect(describing(message).match(/^\d+\. \[/gm)).toHaveLength(10)
  })
})
