// history: what was asked for here of late, by anybody.
import { z } from 'zod'
import { requestsHere } from '../src/store/requests.ts'
import type { Command, TextReply } from './command.ts'
import { personMark, requestInLine, STATE_WORDS } from './lines.ts'

const MOST_LINES = 10

const historyOptions = z.object({})

export const history: Command<typeof historyOptions, TextReply> = {
  name: 'history',
  description: `Shows the last ${MOST_LINES} songs that were asked for here`,
  options: historyOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [],
  suggest: {},
  async run({ interaction }, { db }) {
    const requests = await requestsHere(db, interaction, {}, MOST_LINES)
    const lines = requests.map(
      (request) =>
        `${requestInLine(request)} · ${personMark(request.person)} · ${STATE_WORDS[request.state]}`,
    )
    return { kind: 'text', title: lines.length > 0 ? 'History' : 'Nothing was asked for here yet.', lines }
  },
}
