import { describe, expect, test } from 'vitest'
import { cleanText } from '../../../src/chat/foreign-text.ts'
import {
  escapeMrkdwn,
  foreignMrkdwn,
  foreignWords,
  linkTo,
  mentionOf,
  webLink,
} from '../../../src/chat/slack/mrkdwn.ts'
import { seeded, wildText } from '../../support/slack/wild-text.ts'

const WORD_JOINER = '\u2060'

describe('foreign text', () => {
  test.each([
    ['<!channel> & <@U1>', '&lt;!channel&gt; &amp; &lt;@U1&gt;'],
    ['<https://x|y>', '&lt;https://x|y&gt;'],
    ['&amp;', '&amp;amp;'],
    ['*b* _i_ ~s~ `c`', '|*|b|*| |_|i|_| |~|s|~| |`|c|`|'],
    ['a:smile:b 12:30:45', 'a:|smile:b 12:|30:45'],
    [':日本:', ':|日本:'],
    ['key: value', 'key: value'],
    ['> quoted', '|&gt; quoted'],
    ['a > b', 'a &gt; b'],
    ['plain', 'plain'],
  ])('%s is no markup', (text, escaped) =>
    expect(escapeMrkdwn(text)).toBe(
      // A bar between words stays one; elsewhere it is a mark that shows nothing.
      text.includes('|') ? escaped : escaped.replaceAll('|', WORD_JOINER),
    ),
  )

  test('escaped, reads as before it was, and has nothing that Slack reads', () => {
    const random = seeded(5)
    for (let round = 0; round < 1000; round++) {
      const text = cleanText(wildText(random).slice(0, 100))
      const escaped = escapeMrkdwn(text)
      expect(escaped).not.toMatch(/[<>]|:[\p{L}\p{N}_+'-]+:/u)
      const read = escaped
        .replaceAll(WORD_JOINER, '')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&')
      expect(read).toBe(text)
    }
  })

  test('is cut between characters and never within an escape', () => {
    expect(foreignMrkdwn('🎸'.repeat(10), 9)).toBe(`${'🎸'.repeat(4)}…`)
    expect(foreignMrkdwn('&&&&', 10)).toBe('&amp;…')
    expect(foreignMrkdwn('&&&&', 20)).toBe('&amp;&amp;&amp;&amp;')
    const random = seeded(3)
    for (let round = 0; round < 1000; round++) {
      const longest = 1 + Math.floor(random() * 60)
      const cut = foreignMrkdwn(wildText(random), longest)
      expect(cut.length).toBeLessThanOrEqual(longest)
      expect(cut.isWellFormed()).toBe(true)
      expect(cut).not.toMatch(/&(?!amp;|lt;|gt;)/)
    }
  })

  test('is no link and no mention', () => {
    expect(linkTo('https://a.b/?x=<y>|z&w', 'here')).toBe('<https://a.b/?x=%3Cy%3E%7Cz&amp;w|here>')
    expect(mentionOf('U0123ABC')).toBe('<@U0123ABC>')
    expect(mentionOf('W0123ABC')).toBe('<@W0123ABC>')
    for (const person of ['!channel', 'U1> <!here', 'u1', 'S1', '', `U${'1'.repeat(40)}`])
      expect(mentionOf(person)).not.toMatch(/[<>]/)
  })

  test('in the words of a link has no bar that would end its address', () => {
    expect(foreignWords('Live | at <Wembley>', 100)).toBe('Live ¦ at &lt;Wembley&gt;')
    const random = seeded(13)
    for (let round = 0; round < 1000; round++) {
      const words = foreignWords(`${wildText(random)}|`, 60)
      const link = webLink('https://a.b/?x=<y>|z&w', words, 200)
      expect(link).toMatch(/^<https:[^<>|]*\|[^<>|]*>$/)
    }
  })

  test.each([null, '', 'javascript:alert(1)', 'ftp://a.b/c', '<!channel>', `https://a.b/${'x'.repeat(200)}`])(
    'is led to by no link that is none: %s',
    (address) => expect(webLink(address, 'words', 200)).toBeUndefined(),
  )
})
