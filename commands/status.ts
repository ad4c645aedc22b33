// status: how requests stand, one line each.
import { z } from 'zod'
import { type Card, cardOf, clock, listNote } from '../src/domain/card.ts'
import { readCard } from '../src/store/cards.ts'
import { requestsHere } from '../src/store/requests.ts'
import type { Command, TextReply } from './command.ts'
import { ago, inLine, personMark, requestInLine, STATE_WORDS } from './lines.ts'
import { numberOption, OPEN, requestHere, suggestRequests } from './requests-here.ts'

const MOST_LINES = 20
const LONGEST_NOTE = 120

const statusOptions = z.object({
  number: numberOption.describe('The number of a request (all of yours that are under way)'),
})

export const status: Command<typeof statusOptions, TextReply> = {
  name: 'status',
  description: 'Shows how your requests stand',
  options: statusOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [{ number: 12 }],
  suggest: { number: suggestRequests('all') },
  async run({ interaction, manager, options: { number } }, { db }) {
    const requests =
      number === undefined
        ? await requestsHere(db, interaction, { person: interaction.person, states: OPEN }, MOST_LINES + 1)
        : [await requestHere(db, { ...interaction, manager }, number)]
    const lines: string[] = []
    for (const { id, person, askedAt } of requests.slice(0, MOST_LINES)) {
      const facts = await readCard(db, id)
      if (!facts) continue
      const now = new Date()
      const by = person === interaction.person ? '' : ` by ${personMark(person)}`
      lines.push(`${statusLine(cardOf(facts, now))} · asked for${by} ${ago(askedAt, now)}`)
    }
    if (requests.length > MOST_LINES) lines.push('… and more: give a number to see one of them.')
    if (lines.length === 0) return { kind: 'text', title: 'You have nothing under way here.', lines }
    return { kind: 'text', title: number === undefined ? 'Under way' : 'Status', lines }
  },
}

/** `#{12} Artist - Title: Separation 42% · about 1:11 left` */
export function statusLine(card: Card): string {
  return `${requestInLine(card)}: ${standingOf(card)}`
}

function standingOf({ state, error, lines, secondsLeft, songs, choices }: Card): string {
  if (error) return `${STATE_WORDS[state]}: ${inLine(error.message, LONGEST_NOTE)}`
  if (songs) return listNote(songs)
  if (state !== 'working') return STATE_WORDS[state]
  if (choices.length > 0) return 'waits for you to choose which one it is'
  const stages = lines
    .filter((line) => line.state === 'waiting' || line.state === 'running' || line.state === 'retrying')
    .map(({ label, state, fraction, note }) => {
      const percent = state === 'running' ? ` ${Math.floor(fraction * 100)}%` : ''
      return `${label}${percent}${note ? ` (${inLine(note, LONGEST_NOTE)})` : ''}`
    })
  const left = secondsLeft !== null && secondsLeft > 0 ? [`about ${clock(secondsLeft)} left`] : []
  return [...stages, ...left].join(' · ') || STATE_WORDS[state]
}
