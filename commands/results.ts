// results: the address of a request's page, where its stems are played, mixed and downloaded; and an end to those given out.
import { z } from 'zod'
import { resultsLink } from '../src/domain/results-link.ts'
import { UserError } from '../src/errors.ts'
import type { RequestState } from '../src/store/requests.ts'
import { resultsAddress, revokeResults } from '../src/store/results.ts'
import type { Command, TextReply } from './command.ts'
import { addressMark, requestInLine } from './lines.ts'
import { numberOption, requestHere, requestToChange, suggestRequests } from './requests-here.ts'

const ACTIONS = ['show', 'revoke'] as const
const DELIVERED: readonly RequestState[] = ['delivered']
const NONE = { code: 'no_results', message: 'Nothing of yours has been delivered here yet.' }

const resultsOptions = z.object({
  number: numberOption.describe('The number of the request (your newest that is delivered)'),
  action: z
    .enum(ACTIONS)
    .default('show')
    .describe(`${ACTIONS.join(', ')} (show)`),
})

export const results: Command<typeof resultsOptions, TextReply> = {
  name: 'results',
  description: "Gives the address of a request's page, or revokes the ones given out",
  options: resultsOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [{ number: 12 }, { number: 12, action: 'revoke' }],
  suggest: { number: suggestRequests(DELIVERED) },
  async run(invocation, deps) {
    const { number, action } = invocation.options
    const { db, publicUrl } = deps
    const isAnyones = action === 'show' && number !== undefined
    const request = isAnyones
      ? await requestHere(db, { ...invocation.interaction, manager: invocation.manager }, number)
      : await requestToChange(invocation, deps, { states: DELIVERED, none: NONE })
    // What was asked for in one channel is not for all who are in another.
    const { person, channel } = invocation.interaction
    if (request.channel !== channel && request.person !== person && !invocation.manager)
      throw new UserError('not_yours')
    if (request.state !== 'delivered') throw new UserError('no_results')
    const about = requestInLine(request)
    if (action === 'revoke') {
      await revokeResults(db, request.id)
      const lines = [about, 'No address of its page that was given out before leads there any more.']
      return { kind: 'text', title: 'Revoked', lines }
    }
    if (publicUrl === null) throw new UserError('no_public_url')
    const address = resultsLink(publicUrl, await resultsAddress(db, request.id, new Date()))
    const terms =
      'Whoever has this address can listen and download, for six days or more, until it is revoked.'
    return { kind: 'text', title: 'Play and mix', lines: [about, addressMark(address), terms] }
  },
}
