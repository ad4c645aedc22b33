import { describe, expect, test } from 'vitest'
import { inLine } from '../../../commands/lines.ts'
import { renderText } from '../../../src/chat/slack/render-text.ts'
import { seeded, wildText } from '../../support/slack/wild-text.ts'

const WORD_JOINER = '\u2060'

describe('an answer for one person', () => {
  const reply = {
    kind: 'text' as const,
    title: 'Your *songs*',
    lines: ['#{12} by @{U34}: a_b', '#{13} is done', '<!channel>'],
  }
  const linkOf = (number: number) => (number === 12 ? 'https://band.slack.com/archives/C1/p12' : undefined)

  test('names people and links messages; the rest shows as it is', () => {
    const text = renderText(reply, { linkOf })
    expect(text.replaceAll(WORD_JOINER, '')).toBe(
      '*Your *songs**\n<https://band.slack.com/archives/C1/p12|#12> by <@U34>: a_b\n#13 is done\n&lt;!channel&gt;',
    )
  })

  test('an address of ours can be clicked, and nobody else writes one', () => {
    const address = 'https://stems.example/my_band/results/a-b/1-c*d/?x=1&y=__2__'
    const foreign = inLine(`&{${address}} https://evil.example`, 200)
    const lines = [`&{${address}}`, foreign, '&{javascript:alert(1)}']
    const [, first, second = '', third] = renderText({ ...reply, lines }, { linkOf }).split('\n')
    expect(first).toBe(`<${address.replace('&', '&amp;')}>`)
    expect(second).toMatch(/^&amp; \{https:/)
    expect(second).not.toMatch(/[<>]/)
    expect(third).toBe('&amp;{javascript:alert(1)}')
  })

  test('is cut at whole lines and says how many are left out', () => {
    const lines = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(70)}`)
    const text = renderText({ ...reply, lines }, { linkOf })
    expect(text.length).toBeLessThanOrEqual(2800)
    const shownLines = text.split('\n').length - 2
    expect(shownLines).toBeGreaterThan(30)
    expect(text).toMatch(new RegExp(`…and ${60 - shownLines} more$`))
  })

  test('is no longer than a section, whatever it is given', () => {
    const random = seeded(11)
    for (let round = 0; round < 500; round++) {
      const lines = Array.from(
        { length: Math.floor(random() * 30) },
        () => `#{12} ${wildText(random)} @{U34}`,
      )
      const text = renderText({ kind: 'text', title: wildText(random), lines }, { linkOf })
      expect(text.length).toBeLessThanOrEqual(3000)
      expect(text.isWellFormed()).toBe(true)
      const linked = text.replaceAll(/<(?:https:\/\/band\.slack\.com\/archives\/C1\/p12\|#12|@U34)>/g, '')
      expect(linked).not.toMatch(/[<>]/)
    }
  })
})
