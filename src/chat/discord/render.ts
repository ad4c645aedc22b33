// What Discord shows of a card: an embed and action rows, within all of Discord's limits. Pure.
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  type APIStringSelectComponent,
  ButtonStyle,
  ComponentType,
} from 'discord-api-types/v10'
import type { Card, CardAction } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { pageWords } from '../page-words.ts'
import { ownWords, plainCard } from '../plain-card.ts'
import { songLines } from '../song-lines.ts'
import { stageBar } from '../stage-bar.ts'
import { webAddress } from '../web-address.ts'
import { choiceList, choiceMenu } from './choices.ts'
import { foreignText, foreignWords, linkTo, mentionOf } from './markdown.ts'

/** What a message carries. Files are delivery's alone: no `attachments` here. */
export type CardMessage = {
  content: string
  embeds: APIEmbed[]
  components: APIActionRowComponent<APIButtonComponentWithCustomId | APIStringSelectComponent>[]
  /** Discord remembers it of no earlier call. */
  allowed_mentions: { parse: [] }
}

/** In UTF-16 units; all that can stand in a description beside a list has some 4000 together. */
const LONGEST = {
  title: 256,
  description: 4096,
  artist: 200,
  fact: 60,
  match: 150,
  matchAddress: 250,
  stageNote: 120,
  error: 600,
  note: 200,
  coverAddress: 2048,
}
const MOST_FACTS = 6
const MOST_NOTES = 5
const COLOURS = {
  queued: 0x3498db,
  asked: 0xf1c40f,
  working: 0xe67e22,
  delivered: 0x2ecc71,
  failed: 0xe74c3c,
  cancelled: 0x95a5a6,
}
const BUTTONS: Record<CardAction, { label: string; style: ButtonStyle.Secondary | ButtonStyle.Primary }> = {
  cancel: { label: 'Cancel', style: ButtonStyle.Secondary },
  retry: { label: 'Retry', style: ButtonStyle.Primary },
  wrong: { label: 'Wrong song?', style: ButtonStyle.Secondary },
}

/** By this a request's message is recognised when its id was lost. */
export function footerOf(number: number): string {
  return `Request #${number}`
}

/** @param plain leaves out every word that is not ours */
export function renderCard(given: Card, { plain, now }: { plain: boolean; now: Date }): CardMessage {
  const card = plain ? plainCard(given) : given
  const url = webAddress(card.coverUrl, ['https:'], LONGEST.coverAddress)
  const embed: APIEmbed = {
    title: foreignText(card.title, LONGEST.title) || `Song #${card.number}`,
    description: describe(card, now),
    color: COLOURS[colourOf(card)],
    footer: { text: footerOf(card.number) },
    ...(url ? { thumbnail: { url } } : {}),
  }
  return { content: '', embeds: [embed], components: rowsOf(card), allowed_mentions: { parse: [] } }
}

function describe(card: Card, now: Date): string {
  const artist = card.artist ? foreignText(card.artist, LONGEST.artist) : ''
  const facts = card.facts.slice(0, MOST_FACTS).map((fact) => foreignText(fact, LONGEST.fact))
  const notes = card.notes.slice(0, MOST_NOTES).map((note) => foreignText(note, LONGEST.note))
  const before = [
    [artist, facts.join(' · '), matchLine(card)],
    // The files say that every stage is done.
    card.state === 'delivered' ? [] : card.lines.map(stageLine),
    [timeLeft(card, now), errorLine(card)],
  ]
  const after = [[...notes, pageLink(card)], [`Asked by ${mentionOf(card.person)}`]]
  const room = LONGEST.description - inBlocks([...before, ['x'], ...after]).length
  const list = card.songs ? songLines(card, room, foreignText) : [choiceList(card, room)]
  return inBlocks([...before, list, ...after])
}

/** Lines together, and an empty one between blocks; what is empty is left out. */
function inBlocks(blocks: string[][]): string {
  return blocks
    .map((lines) => lines.filter(Boolean).join('\n'))
    .filter(Boolean)
    .join('\n\n')
}

/** `Sound: Artist - Title · 93 % sure` */
function matchLine({ match }: Card): string {
  if (!match) return ''
  const name = foreignWords(match.label, LONGEST.match) || 'a recording'
  const sure = match.confidence === null ? '' : ` · ${match.confidence} % sure`
  return `Sound: ${linkTo(match.link, name, LONGEST.matchAddress) ?? name}${sure}`
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

/** In words, as Discord refuses a whole message over a button whose address it does not like, such as that of a machine at home. */
function pageLink(card: Card): string {
  return linkTo(card.link, pageWords(card)) ?? ''
}

function colourOf(card: Card): keyof typeof COLOURS {
  if (card.choices.length > 0) return 'asked'
  if (card.state === 'ready') return 'working'
  if (card.state !== 'working') return card.state
  return card.lines.every(({ state }) => state === 'ahead' || state === 'waiting') ? 'queued' : 'working'
}

/** A menu has a row to itself. */
function rowsOf(card: Card): CardMessage['components'] {
  const menu = choiceMenu(card)
  const buttons = card.actions.map((action) => ({
    type: ComponentType.Button as const,
    custom_id: buttonId(action, card.id),
    ...BUTTONS[action],
  }))
  return [menu ? [menu] : [], buttons]
    .filter((components) => components.length > 0)
    .map((components) => ({ type: ComponentType.ActionRow, components }))
}
