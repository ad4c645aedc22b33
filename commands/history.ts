// history: what was asked for here of late, by anybody, and what came of it.
import { z } from 'zod'
import { clock } from '../src/domain/card.ts'
import { type ListedRequest, type RequestState, requestsHere } from '../src/store/requests.ts'
import type { Command, TextReply } from './command.ts'
import { ago, inLine, personMark, requestInLine, STATE_WORDS } from './lines.ts'
import { OPEN } from './requests-here.ts'

const MOST_LINES = 10
const LONGEST_REASON = 80
const STATES = ['working', 'delivered', 'failed', 'cancelled'] as const

const historyOptions = z.object({
  state: z
    .enum(STATES)
    .optional()
    .describe(`Those alone that are ${STATES.join(', ')} (all)`),
})

export const history: Command<typeof historyOptions, TextReply> = {
  name: 'history',
  description: `Shows the last ${MOST_LINES} songs that were asked for here, and what came of them`,
  options: historyOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [{ state: 'failed' }],
  suggest: {},
  async run({ interaction, options: { state } }, { db }) {
    const states: readonly RequestState[] | undefined = state === 'working' ? OPEN : state && [state]
    const requests = await requestsHere(db, interaction, states ? { states } : {}, MOST_LINES)
    const now = new Date()
    const lines = requests.map((request) =>
      [requestInLine(request), personMark(request.person), ...outcomeOf(request, now)].join(' · '),
    )
    const none = state
      ? `Nothing that was asked for here is ${STATE_WORDS[state]}.`
      : 'Nothing was asked for here yet.'
    return { kind: 'text', title: lines.length > 0 ? 'History' : none, lines }
  },
}

/** `delivered in 1:12`, `3 h ago` */
function outcomeOf({ state, askedAt, endedAt, errorMessage }: ListedRequest, now: Date): string[] {
  const words = STATE_WORDS[state]
  const took = clock(((endedAt ?? now).getTime() - askedAt.getTime()) / 1000)
  if (!endedAt) return [`${words} for ${took}`]
  if (state === 'delivered') return [`${words} in ${took}`, ago(endedAt, now)]
  const reason = state === 'failed' && errorMessage ? `: ${inLine(errorMessage, LONGEST_REASON)}` : ''
  return [`${words}${reason}`, ago(endedAt, now)]
}
