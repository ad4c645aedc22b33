// Why something was not done, as the operator is told: the page as JSON, at the door as a page.
import { ERRORS, type ErrorCode, UserError } from '../../errors.ts'
import { isPassing } from '../../store/database.ts'
import type { WebContext } from '../app.ts'
import type { Refusal } from './wire.ts'

type Status = 400 | 401 | 404 | 409 | 413 | 429 | 500 | 503

const STATUS: Partial<Record<ErrorCode, Status>> = {
  not_entered: 401,
  wrong_secret: 401,
  no_such_request: 404,
  no_such_queue: 404,
  nothing_to_retry: 409,
  nothing_to_cancel: 409,
  too_large: 413,
  too_many_attempts: 429,
  too_many_visits: 429,
  too_many_requests: 429,
}
/** What the answer asks for, as RFC 9110 wants it: no browser opens a window of its own for it. */
const CHALLENGE = 'Bearer realm="admin"'

export type Why = { status: Status; code: string; message: string }

export function whyNot(error: unknown): Why {
  if (error instanceof UserError)
    return { status: STATUS[error.code] ?? 400, code: error.code, message: error.message }
  return isPassing(error)
    ? { status: 503, code: 'database_unavailable', message: 'The database is away: try again in a minute.' }
    : { status: 500, code: 'internal', message: ERRORS.internal }
}

export function refuse(context: WebContext, why: Why): Response {
  const { status, code, message } = why
  if (status === 401) context.header('WWW-Authenticate', CHALLENGE)
  context.header('Cache-Control', 'no-store')
  // What is left of the body is not waited for.
  if (!context.env.incoming.complete) context.header('Connection', 'close')
  return context.json({ error: { code, message } } satisfies Refusal, status)
}
