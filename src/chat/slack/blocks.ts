// The blocks that a card is made of: none is empty, and no word in them is more than words. Pure.
// https://docs.slack.dev/reference/block-kit/blocks
import type { ContextBlock, KnownBlock, PlainTextElement, SectionBlock } from '@slack/web-api'

/** Of a section's text. */
export const LONGEST_SECTION = 2900
/** All blocks of a message together may have some 13,200 characters. */
const LONGEST_TOGETHER = 12_900

/** Text that is shown as it is: no markup, no emoji. */
export function words(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: false }
}

export function section(lines: string[]): SectionBlock | undefined {
  const text = lines.filter(Boolean).join('\n')
  return text ? { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } } : undefined
}

/** As many as it takes for all the lines. */
export function sections(lines: string[]): KnownBlock[] {
  const parts: string[][] = []
  let left = 0
  for (const line of lines) {
    if (line.length > left) {
      parts.push([])
      left = LONGEST_SECTION
    }
    parts.at(-1)?.push(line)
    left -= line.length + 1
  }
  return parts.flatMap((part) => section(part) ?? [])
}

export function context(lines: string[]): ContextBlock | undefined {
  const elements = lines.filter(Boolean).map(words)
  return elements.length > 0 ? { type: 'context', elements } : undefined
}

/** How long a text may be that is shown in sections of its own beside these blocks, in UTF-16 units. */
export function roomBeside(blocks: (KnownBlock | undefined)[]): number {
  const left = LONGEST_TOGETHER - JSON.stringify(blocks).length - LONGEST_FRAMES
  // With the escapes of JSON a text may be twice as long.
  return Math.max(0, Math.floor(left / 2))
}

/** What some sections take besides their text. */
const LONGEST_FRAMES = 400
