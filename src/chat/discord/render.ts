// What Discord shows of a card, and of an answer for one person: embeds and action rows, within all of Discord's limits. Pure.
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
} from 'discord-api-types/v10'
import type { TextReply } from '../../../commands/command.ts'
import type { Card, CardAction } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { cleanText } from '../foreign-text.ts'
import { pageWords } from '../page-words.ts'
import { ownWords, plainCard } from '../plain-card.ts'
import { linesWithin, writeMarks } from '../reply-marks.ts'
import { stageBar } from '../stage-bar.ts'
import { webAddress } from '../web-address.ts'
import { escapeMarkdown, foreignText } from './markdown.ts'

/** What a message carries. Files are delivery's alone: no `attachments` here. */
export type CardMessage = {
  content: string
  embeds: APIEmbed[]
  components: APIActionRowComponent<APIButtonComponentWithCustomId>[]
  /** Discord remembers it of no earlier call. */
  allowed_mentions: { parse: [] }
}

const LONGEST = { title: 256, artist: 256, fact: 100, note: 250, stageNote: 150, error: 800, text: 2000 }
const MOST_FACTS = 6
const MOST_NOTES = 5
const LONGEST_URL = 2048
const LONGEST_LINK = 512
const COLOURS = {
  queued: 0x3498db,
  working: 0xe67e22,
  delivered: 0x2ecc71,
  failed: 0xe74c3c,
  cancelled: 0x95a5a6,
}
const BUTTONS: Record<CardAction, { label: string; style: ButtonStyle.Secondary | ButtonStyle.Primary }> = {
  cancel: { label: 'Cancel', style: ButtonStyle.Secondary },
  retry: { label: 'Retry', style: ButtonStyle.Primary },
}

/** By this a request's message is recognised when its id was lost. */
export function footerOf(number: number): string {
  return `Request #${number}`
}

/** @param plain leaves out every word that is not ours */
export function renderCard(given: Card, { plain, now }: { plain: boolean; now: Date }): CardMessage {
  const card = plain ? plainCard(given) : given
  const url = webAddress(card.coverUrl, ['https:'], LONGEST_URL)
  const embed: APIEmbed = {
    title: foreignText(card.title, LONGEST.title) || `Song #${card.number}`,
    description: describe(card, now),
    color: COLOURS[colourOf(card)],
    footer: { text: footerOf(card.number) },
    ...(url ? { thumbnail: { url } } : {}),
  }
  return { content: '', embeds: [embed], components: buttonsOf(card), allowed_mentions: { parse: [] } }
}

function describe(card: Card, now: Date): string {
  const artist = card.artist ? foreignText(card.artist, LONGEST.artist) : ''
  const facts = card.facts.slice(0, MOST_FACTS).map((fact) => foreignText(fact, LONGEST.fact))
  // The files say that every stage is done.
  const stages = card.state === 'delivered' ? [] : card.lines.map(stageLine)
  const notes = card.notes.slice(0, MOST_NOTES).map((note) => foreignText(note, LONGEST.note))
  const blocks = [
    [artist, facts.join(' · ')],
    stages,
    [timeLeft(card, now), errorLine(card)],
    [...notes, pageLink(card)],
    [`Asked by ${mention(card.person)}`],
  ]
  return blocks
    .map((lines) => lines.filter(Boolean).join('\n'))
    .filter(Boolean)
    .join('\n\n')
}

/** `Separation ███░░░░░  42%` attempt 2 of 3 */
function stageLine(line: Card['lines'][number]): string {
  return `\`${stageBar(line)}\` ${foreignText(line.note ?? '', LONGEST.stageNote)}`.trimEnd()
}

/** Discord's clients count down by themselves. */
function timeLeft(card: Card, now: Date): string {
  if (card.secondsLeft === null || card.secondsLeft <= 0) return ''
  return `Ready <t:${Math.round(now.getTime() / 1000 + card.secondsLeft)}:R>`
}

function errorLine({ error }: Card): string {
  return error ? foreignText(error.message || ownWords(error.code), LONGEST.error) : ''
}

function colourOf(card: Card): keyof typeof COLOURS {
  if (card.state === 'ready') return 'working'
  if (card.state !== 'working') return card.state
  return card.lines.every(({ state }) => state === 'ahead' || state === 'waiting') ? 'queued' : 'working'
}

function buttonsOf({ id, actions }: Card): CardMessage['components'] {
  if (actions.length === 0) return []
  const components = actions.map((action) => ({
    type: ComponentType.Button as const,
    custom_id: buttonId(action, id),
    ...BUTTONS[action],
  }))
  return [{ type: ComponentType.ActionRow, components }]
}

/** In words, as Discord refuses a whole message over a button whose address it does not like, such as that of a machine at home. */
function pageLink(card: Card): string {
  const address = webAddress(card.link, ['http:', 'https:'], LONGEST_LINK)
  // A bracket would end it.
  const href = address?.replaceAll('(', '%28').replaceAll(')', '%29') ?? ''
  return href && href.length <= LONGEST_LINK ? `[${pageWords(card)}](${href})` : ''
}

function mention(person: string): string {
  return /^\d{1,20}$/.test(person) ? `<@${person}>` : foreignText(person, 100)
}

/** An answer for one person. @param linkOf the address of a request's message, where it is known */
export function renderText(
  { title, lines }: TextReply,
  { linkOf }: { linkOf: (number: number) => string | undefined },
): string {
  const heading = `**${foreignText(title, LONGEST.title)}**`
  return linesWithin(heading, lines, (line) => textLine(line, linkOf), LONGEST.text)
}

const LONGEST_LINE = 1000

function textLine(line: string, linkOf: (number: number) => string | undefined): string {
  const written = (text: string) =>
    writeMarks(text, {
      text: escapeMarkdown,
      person: mention,
      request: (number) => {
        const link = linkOf(number)
        return link ? `[#${number}](${link})` : `#${number}`
      },
      // In brackets it can be clicked, and shows no preview.
      address: (address) => `<${address}>`,
    })
  const cleaned = cleanText(line)
  const whole = written(cleaned)
  return whole.length <= LONGEST_LINE ? whole : foreignText(cleaned, LONGEST_LINE)
}
