// cancel: ends a request at the wish of who asked, or of who manages the place.
import { z } from 'zod'
import { UserError } from '../src/errors.ts'
import { cancelRequest } from '../src/queue/cancel.ts'
import type { Command, TextReply } from './command.ts'
import { requestInLine } from './lines.ts'
import { numberOption, OPEN, requestToChange, suggestRequests } from './requests-here.ts'

const cancelOptions = z.object({
  number: numberOption.describe('The number of the request (your newest that is under way)'),
})

export const cancel: Command<typeof cancelOptions, TextReply> = {
  name: 'cancel',
  description: 'Ends a request of yours that is under way',
  options: cancelOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: true,
  examples: [{ number: 12 }],
  suggest: { number: suggestRequests(OPEN) },
  async run(invocation, deps) {
    const none = {
      code: 'nothing_to_cancel',
      message: 'You have nothing under way here: there is nothing to cancel.',
    }
    const request = await requestToChange(invocation, deps, { states: OPEN, none })
    const by = request.person === invocation.interaction.person ? 'asker' : 'manager'
    if (!(await cancelRequest(deps, request.id, by))) throw new UserError('nothing_to_cancel')
    return { kind: 'text', title: 'Cancelled', lines: [requestInLine(request)] }
  },
}
