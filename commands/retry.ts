// retry: a request that failed or was cancelled goes on, in the message that it has.
import { z } from 'zod'
import { UserError } from '../src/errors.ts'
import { retryRequest } from '../src/queue/retry.ts'
import type { Command, TextReply } from './command.ts'
import { requestInLine } from './lines.ts'
import { ENDED_BADLY, numberOption, requestToChange, suggestRequests } from './requests-here.ts'

const retryOptions = z.object({
  number: numberOption.describe('The number of the request (your newest that failed or was cancelled)'),
})

export const retry: Command<typeof retryOptions, TextReply> = {
  name: 'retry',
  description: 'Tries a request of yours again that failed or was cancelled',
  options: retryOptions,
  file: null,
  onMessage: null,
  access: 'everyone',
  once: true,
  examples: [{ number: 12 }],
  suggest: { number: suggestRequests(ENDED_BADLY) },
  async run(invocation, deps) {
    const none = {
      code: 'nothing_to_retry',
      message: 'Nothing of yours has failed here: there is nothing to try again.',
    }
    const request = await requestToChange(invocation, deps, { states: ENDED_BADLY, none })
    if (!(await retryRequest(deps, request.id))) throw new UserError('nothing_to_retry')
    return { kind: 'text', title: 'Trying again', lines: [requestInLine(request)] }
  },
}
