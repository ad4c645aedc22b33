// wrong: the recording that was taken for a request is another song; it is asked for again by a link to the right one.
import { z } from 'zod'
import { parseSong } from '../src/domain/parse-song.ts'
import { UserError } from '../src/errors.ts'
import { cancelRequest } from '../src/queue/cancel.ts'
import { findRequest } from '../src/store/requests.ts'
import type { Command, RequestReply } from './command.ts'
import { numberOption, requestToChange, suggestRequests } from './requests-here.ts'
import { claimSong } from './song.ts'

const wrongOptions = z.object({
  number: numberOption.unwrap().describe('The number of the request'),
  song: z.string().trim().min(1).max(2048).describe('A link to the right recording'),
})

export const wrong: Command<typeof wrongOptions, RequestReply> = {
  name: 'wrong',
  description: 'Asks for a song again, by a link to the right recording',
  options: wrongOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [{ number: 12, song: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ' }],
  suggest: { number: suggestRequests('all') },
  async run(invocation, deps) {
    const none = { code: 'no_such_request', message: 'There is no such request here.' }
    const { id } = await requestToChange(invocation, deps, { states: [], none })
    const request = await findRequest(deps.db, id)
    if (!request) throw new UserError('no_such_request')
    const { model, stems, format, separationId } = request
    if (request.named?.kind === 'list')
      throw new UserError(
        'no_such_request',
        `#${request.number} is a list: give the number of one of its songs.`,
      )
    const { kind } = parseSong(invocation.options.song)
    if (kind === 'search' || kind === 'list')
      throw new UserError(
        'not_a_song',
        'Give the link of the right recording: of one song, not words or a list.',
      )
    const asked = { model, stems, format }
    // The one in whose place it comes does not count.
    const maxOpenRequests = deps.maxOpenRequests + 1
    const wish = { asked, separate: separationId !== null }
    const reply = await claimSong(invocation, { ...deps, maxOpenRequests }, wish)
    // Nobody waits for the wrong one; we may have been killed before this.
    if (reply.standing !== 'same')
      await cancelRequest(deps, id, request.person === invocation.interaction.person ? 'asker' : 'manager')
    return reply
  },
}
