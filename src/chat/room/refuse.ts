// Why something was not done, as the page is told.
import { type ErrorCode, PauseError, UserError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { isPassing } from '../../store/database.ts'
import type { WebContext } from '../../web/app.ts'
import { failureWords } from '../answer-words.ts'
import type { Refusal } from './wire.ts'

type Status = 400 | 401 | 403 | 404 | 413 | 429 | 500 | 503

const STATUS: Partial<Record<ErrorCode, Status>> = {
  not_entered: 401,
  room_closed: 403,
  wrong_secret: 403,
  not_yours: 403,
  not_allowed: 403,
  no_such_request: 404,
  no_such_room: 404,
  too_large: 413,
  too_many_uploads: 429,
  too_many_visits: 429,
  too_many_requests: 429,
}
const RETRY_AFTER_SECONDS = '2'

export function refuse(context: WebContext, error: unknown, log: Log): Response {
  const code = codeOf(error)
  const status = error instanceof UserError ? (STATUS[code] ?? 400) : code === 'internal' ? 500 : 503
  // Who went away in the middle needs no answer, and is no fault.
  if (code === 'internal' && !context.env.outgoing.destroyed)
    log.error({ err: error, path: context.req.path }, 'a request of the room went wrong')
  if (code === 'too_many_uploads' || status === 503) context.header('Retry-After', RETRY_AFTER_SECONDS)
  // What is left of the body is not waited for.
  if (!context.env.incoming.complete) context.header('Connection', 'close')
  const refusal: Refusal = { error: { code, message: failureWords(error) } }
  return context.json(refusal, status)
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof UserError || error instanceof PauseError) return error.code
  return isPassing(error) ? 'database_unavailable' : 'internal'
}
