// The request that a command is about: by its number, or the person's newest that will do. Only those of the same place.
import { z } from 'zod'
import { type ErrorCode, UserError } from '../src/errors.ts'
import { type ListedRequest, type RequestState, requestsHere } from '../src/store/requests.ts'
import type { Asker, CommandDeps, Invocation, Suggestion } from './command.ts'
import { songInLine } from './lines.ts'
import { fitting, LONGEST_SUGGESTION, MOST_SUGGESTIONS, typed } from './suggestions.ts'

export const OPEN: readonly RequestState[] = ['working', 'ready']
export const ENDED_BADLY: readonly RequestState[] = ['failed', 'cancelled']
/** Newer ones than these are looked at for what somebody types. */
const MOST_LOOKED_AT = 200

export const numberOption = z.int().min(1).max(2_147_483_647).optional()

/** @throws UserError `no_such_request` */
export async function requestHere(
  db: CommandDeps['db'],
  asker: Asker,
  number: number,
): Promise<ListedRequest> {
  const [request] = await requestsHere(db, asker, { number }, 1)
  if (!request) throw new UserError('no_such_request')
  return request
}

/**
 * The request that a person wants to change: their own, or anyone's for who manages the place.
 * @throws UserError `no_such_request` or `not_yours`; `none` when they gave no number and none of theirs will do
 */
export async function requestToChange(
  { interaction, manager, options }: Invocation<{ number?: number | undefined }>,
  { db }: CommandDeps,
  { states, none }: { states: readonly RequestState[]; none: { code: ErrorCode; message: string } },
): Promise<ListedRequest> {
  if (options.number === undefined) {
    const wanted = { person: interaction.person, states, channelFirst: true }
    const [newest] = await requestsHere(db, interaction, wanted, 1)
    if (!newest) throw new UserError(none.code, none.message)
    return newest
  }
  const request = await requestHere(db, { ...interaction, manager }, options.number)
  if (request.person !== interaction.person && !manager) throw new UserError('not_yours')
  return request
}

/** Completes a number with the person's own requests in these states. */
export function suggestRequests(states: readonly RequestState[] | 'all') {
  return async (text: string, asker: Asker, { db }: CommandDeps): Promise<Suggestion[]> => {
    const words = typed(text).toLowerCase()
    const wanted = { person: asker.person, ...(states === 'all' ? {} : { states }) }
    const own = await requestsHere(db, asker, wanted, words ? MOST_LOOKED_AT : MOST_SUGGESTIONS)
    return fitting(
      own
        .map((request) => ({
          label: `#${request.number} ${songInLine(request, LONGEST_SUGGESTION)}`,
          value: String(request.number),
        }))
        .filter(({ label }) => label.toLowerCase().includes(words)),
    )
  }
}
