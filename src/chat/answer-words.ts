// What a person is told where a command has no answer of its own, or not yet.
import { PauseError, UserError } from '../errors.ts'
import { isPassing } from '../store/database.ts'

/** Platforms give up at three seconds, some of which the ways there and back take. */
export const LATE_MS = 2_200
export const LATE =
  'This takes longer than usual. What comes of it is shown here, or on a card in this channel.'
const AWAY =
  'My database is away. Give the command again in a minute; what was saved already is not done twice.'
const FILES_AWAY =
  'My file store is away. Give the command again in a minute; what was saved already is not done twice.'
const SORRY =
  'Something went wrong on my side. Give the command again in a moment; what was saved already is not done twice.'

/** Why a command failed, in one sentence. */
export function failureWords(error: unknown): string {
  if (error instanceof UserError) return error.message
  if (error instanceof PauseError && error.code === 'files_unavailable') return FILES_AWAY
  return isPassing(error) ? AWAY : SORRY
}
