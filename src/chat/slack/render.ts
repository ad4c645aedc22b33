// What Slack shows of a card: blocks that every client knows, within Slack's limits. Pure.
// https://docs.slack.dev/reference/block-kit/blocks
import type { Button, KnownBlock, SectionBlock } from '@slack/web-api'
import { type Card, type CardAction, listNote } from '../../domain/card.ts'
import { buttonId } from '../buttons.ts'
import { plainText } from '../foreign-text.ts'
import { pageWords } from '../page-words.ts'
import { ownWords, plainCard } from '../plain-card.ts'
import { songLines } from '../song-lines.ts'
import { percentOf, stageBar } from '../stage-bar.ts'
import { webAddress } from '../web-address.ts'
import { context, roomBeside, section, sections, words } from './blocks.ts'
import { choiceBlocks } from './choices.ts'
import { escapeMrkdwn, foreignMrkdwn, foreignWords, webLink } from './mrkdwn.ts'
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
  match: 150,
  matchLink: 400,
  cover: 1024,
  page: 2048,
}
const MOST_FACTS = 6
const MOST_NOTES = 5
const BUTTONS: Record<CardAction, { label: string; style?: 'primary' }> = {
  cancel: { label: 'Cancel' },
  retry: { label: 'Retry', style: 'primary' },
  wrong: { label: 'Wrong song?' },
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
  const before = [{ type: 'header' as const, text: words(title) }, about(card)]
  const after = [
    section([card.choices.length > 0 ? '' : timeLeft(card, now), errorLine(card)]),
    context(card.notes.slice(0, MOST_NOTES).map((note) => plainText(note, LONGEST.note))),
    section([pageLink(card)]),
    context([`Request #${card.number}${askedBy(personName, plain)}${whereFilesAre(card)}`]),
    buttonsOf(card),
  ]
  const blocks = [...before, ...standing(card, plans, [...before, ...after]), ...after]
  return { text: fallback(card, title), blocks: blocks.filter((block) => block !== undefined) }
}

/** How it stands: by its songs, by what is asked, or by its stages. @param beside what else the card shows */
function standing(
  card: Card,
  plans: boolean,
  beside: (KnownBlock | undefined)[],
): (KnownBlock | undefined)[] {
  if (card.songs) return sections(songLines(card, roomBeside(beside), foreignMrkdwn))
  if (card.choices.length > 0) return choiceBlocks(card, beside)
  // The files say that every stage is done.
  if (card.state === 'delivered') return []
  return [plans ? planOf(card) : section(card.lines.map(stageLine))]
}

/** One line, for where no blocks are shown. */
function fallback(card: Card, title: string): string {
  return `${escapeMrkdwn(title)}: ${standingInWords(card)}`
}

function standingInWords({ state, choices, songs, lines }: Card): string {
  if (choices.length > 0) return 'which one is it?'
  if (songs && state !== 'failed' && state !== 'cancelled') return listNote(songs)
  const running = lines.find((line) => line.state === 'running')
  return state === 'working' && running ? `${running.label} ${percentOf(running)}%` : STATE_WORDS[state]
}

/** Artist, facts and whose sound it is, beside the cover. */
function about(card: Card): SectionBlock | undefined {
  const artist = card.artist ? foreignMrkdwn(card.artist, LONGEST.artist) : ''
  const facts = card.facts.slice(0, MOST_FACTS).map((fact) => foreignMrkdwn(fact, LONGEST.fact))
  const block = section([artist, facts.join(' · '), matchLine(card)])
  const cover = webAddress(card.coverUrl, ['https:'], LONGEST.cover)
  // Slack takes no picture beside nothing; where a cover is known, so is the artist or the length.
  if (!block || !cover) return block
  return { ...block, accessory: { type: 'image', image_url: cover, alt_text: 'Cover' } }
}

/** `Sound: Artist - Title · 93 % sure` */
function matchLine({ match }: Card): string {
  if (!match) return ''
  const name = foreignWords(match.label, LONGEST.match) || 'a recording'
  const sure = match.confidence === null ? '' : ` · ${match.confidence} % sure`
  return `Sound: ${webLink(match.link, name, LONGEST.matchLink) ?? name}${sure}`
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
  return webLink(card.link, pageWords(card), LONGEST.page) ?? ''
}

function askedBy(name: string | null, plain: boolean): string {
  const shown = name && !plain ? plainText(name, LONGEST.name) : ''
  return shown ? ` · asked by ${shown}` : ''
}

/** A thread is shut until somebody opens it; each song of a list has its own. */
function whereFilesAre({ state, songs }: Card): string {
  if (state !== 'delivered') return ''
  return songs ? ' · done' : ' · done, see the thread'
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
