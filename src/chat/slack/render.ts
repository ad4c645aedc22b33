// What Slack shows of a card, and of an answer for one person: blocks that every client knows, within Slack's limits. Pure.
// https://docs.slack.dev/reference/block-kit/blocks
import type { Button, ContextBlock, KnownBlock, PlainTextElement, SectionBlock } from '@slack/web-api'
import type { TextReply } from '../../../commands/command.ts'
import type { Card, CardAction } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { cleanText, plainText } from '../foreign-text.ts'
import { pageWords } from '../page-words.ts'
import { ownWords, plainCard } from '../plain-card.ts'
import { linesWithin, writeMarks } from '../reply-marks.ts'
import { percentOf, stageBar } from '../stage-bar.ts'
import { webAddress } from '../web-address.ts'
import { addressLink, escapeMrkdwn, foreignMrkdwn, linkTo, mentionOf } from './mrkdwn.ts'
import { planOf } from './plan.ts'

/** `text` is what notifications and screen readers say; the blocks are what is seen. */
export type CardMessage = { text: string; blocks: KnownBlock[] }

const LONGEST = {
  title: 150,
  artist: 250,
  fact: 100,
  note: 250,
  stageNote: 150,
  error: 800,
  name: 80,
  text: 2800,
}
const MOST_FACTS = 6
const MOST_NOTES = 5
/** All blocks together may have some 13,000 characters. */
const LONGEST_COVER = 1024
const LONGEST_LINK = 2048
const BUTTONS: Record<CardAction, { label: string; style?: 'primary' }> = {
  cancel: { label: 'Cancel' },
  retry: { label: 'Retry', style: 'primary' },
}
const STATE_WORDS: Record<Card['state'], string> = {
  working: 'under way',
  ready: 'nearly there',
  delivered: 'the stems are here',
  failed: 'failed',
  cancelled: 'cancelled',
}

/**
 * @param plain leaves out every word that is not ours
 * @param plans whether the workspace takes a plan block
 * @param personName as the card calls them: a mention would notify
 */
export function renderCard(
  given: Card,
  { plain, plans, personName, now }: { plain: boolean; plans: boolean; personName: string | null; now: Date },
): CardMessage {
  const card = plain ? plainCard(given) : given
  const title = plainText(card.title, LONGEST.title) || `Song #${card.number}`
  const blocks = [
    { type: 'header' as const, text: words(title) },
    about(card),
    // The files say that every stage is done.
    ...(card.state === 'delivered' ? [] : [plans ? planOf(card) : section(card.lines.map(stageLine))]),
    section([timeLeft(card, now), errorLine(card)]),
    context(card.notes.slice(0, MOST_NOTES).map((note) => plainText(note, LONGEST.note))),
    section([pageLink(card)]),
    context([`Request #${card.number}${askedBy(personName, plain)}${whereFilesAre(card)}`]),
    buttonsOf(card),
  ]
  return { text: fallback(card, title), blocks: blocks.filter((block) => block !== undefined) }
}

/** One line, for where no blocks are shown. */
function fallback(card: Card, title: string): string {
  const running = card.lines.find(({ state }) => state === 'running')
  const standing =
    card.state === 'working' && running ? `${running.label} ${percentOf(running)}%` : STATE_WORDS[card.state]
  return `${escapeMrkdwn(title)}: ${standing}`
}

/** Artist and facts, beside the cover. */
function about(card: Card): SectionBlock | undefined {
  const artist = card.artist ? foreignMrkdwn(card.artist, LONGEST.artist) : ''
  const facts = card.facts.slice(0, MOST_FACTS).map((fact) => foreignMrkdwn(fact, LONGEST.fact))
  const text = [artist, facts.join(' · ')].filter(Boolean).join('\n')
  const cover = webAddress(card.coverUrl, ['https:'], LONGEST_COVER)
  // Slack takes no picture beside nothing; where a cover is known, so is the artist or the length.
  if (!text) return undefined
  const picture = cover && { accessory: { type: 'image' as const, image_url: cover, alt_text: 'Cover' } }
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true }, ...picture }
}

/** `Separation ███░░░░░  42%` attempt 2 of 3 */
function stageLine(line: Card['lines'][number]): string {
  return `\`${stageBar(line)}\` ${foreignMrkdwn(line.note ?? '', LONGEST.stageNote)}`.trimEnd()
}

/** In the reader's own time zone. https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
function timeLeft(card: Card, now: Date): string {
  if (card.secondsLeft === null || card.secondsLeft <= 0) return ''
  const minutes = Math.ceil(card.secondsLeft / 60)
  const at = Math.round(now.getTime() / 1000 + card.secondsLeft)
  return `<!date^${at}^Ready at about {time}|Ready in about ${minutes} min>`
}

function errorLine({ error }: Card): string {
  return error ? foreignMrkdwn(error.message || ownWords(error.code), LONGEST.error) : ''
}

/** In words: a button would be a press that we have to answer. */
function pageLink(card: Card): string {
  const address = webAddress(card.link, ['http:', 'https:'], LONGEST_LINK)
  const link = address ? linkTo(address, pageWords(card)) : ''
  // With its escapes it may be five times as long.
  return link.length <= LONGEST_LINK ? link : ''
}

function askedBy(name: string | null, plain: boolean): string {
  const shown = name && !plain ? plainText(name, LONGEST.name) : ''
  return shown ? ` · asked by ${shown}` : ''
}

/** A thread is shut until somebody opens it. */
function whereFilesAre({ state }: Card): string {
  return state === 'delivered' ? ' · done, see the thread' : ''
}

function buttonsOf({ id, actions }: Card): KnownBlock | undefined {
  if (actions.length === 0) return undefined
  const elements = actions.map((action): Button => {
    const { label, style } = BUTTONS[action]
    return {
      type: 'button',
      action_id: buttonId(action, id),
      value: id,
      text: words(label),
      ...(style ? { style } : {}),
    }
  })
  return { type: 'actions', elements }
}

function section(lines: string[]): SectionBlock | undefined {
  const text = lines.filter(Boolean).join('\n')
  return text ? { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } } : undefined
}

function context(lines: string[]): ContextBlock | undefined {
  const elements = lines.filter(Boolean).map(words)
  return elements.length > 0 ? { type: 'context', elements } : undefined
}

/** Text that is shown as it is: no markup, no emoji. */
function words(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: false }
}

const LONGEST_LINE = 1000

/** An answer for one person. @param linkOf the address of a request's message, where it is known */
export function renderText(
  { title, lines }: TextReply,
  { linkOf }: { linkOf: (number: number) => string | undefined },
): string {
  const heading = `*${foreignMrkdwn(title, LONGEST.title)}*`
  return linesWithin(heading, lines, (line) => textLine(line, linkOf), LONGEST.text)
}

function textLine(line: string, linkOf: (number: number) => string | undefined): string {
  const cleaned = cleanText(line)
  const whole = writeMarks(cleaned, {
    text: escapeMrkdwn,
    person: mentionOf,
    request: (number) => {
      const link = linkOf(number)
      return link ? linkTo(link, `#${number}`) : `#${number}`
    },
    address: addressLink,
  })
  return whole.length <= LONGEST_LINE ? whole : foreignMrkdwn(cleaned, LONGEST_LINE)
}
