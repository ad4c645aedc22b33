// What a test lets go wrong: answers that are wrong, late, cut or missing, with or without the request taking effect.
import { createFaultList } from '../fault-list.ts'

/** A request as it came in; what is not known yet when the answer is decided is missing. */
export type Recorded = {
  method: string
  /** Without /api/v10 and without a query. */
  path: string
  /** As in Discord's description: PATCH /channels/{channel_id}/messages/{message_id} */
  route: string
  query: string
  /** 0 while unanswered, and when the connection was cut. */
  status: number
  /** Real time. */
  atMs: number
  auth: 'bot' | 'none' | 'wrong'
  bucket: string
  body?: unknown
  files?: { name: string; size: number }[]
  /** Discord's error code. */
  code?: number
}

export type How =
  | { kind: 'status'; status: number; after?: true; body?: unknown; headers?: Record<string, string> }
  /** Connection lost: once so much of the body has come, or instead of the answer. */
  | { kind: 'cut'; after?: true; atByte?: number }
  /** Never answered; with `seconds`, of real time, answered then. */
  | { kind: 'hang'; after?: true; seconds?: number }
  /** So much of each file is kept, or sent when one is fetched. */
  | { kind: 'truncate'; bytes: number }
  | { kind: 'rateLimit'; retryAfterSeconds: number; scope?: 'shared' | 'global' | 'user' }
  | { kind: 'refuse'; status: number; code: number; message: string }

export type Fault = {
  method?: string
  /** A part of the path or the route as in `requests`; a RegExp is tried on both. */
  route: RegExp | string
  /** How often; always, when left out. */
  times?: number
  /** Asked with the body, except for a cut at a byte: that strikes while it still comes. */
  when?: (request: Recorded) => boolean
  how: How
}

export function createFaults() {
  const matches = (fault: Fault, request: Recorded) => {
    if (fault.method && fault.method.toUpperCase() !== request.method) return false
    const { route } = fault
    const fits = (text: string) => (typeof route === 'string' ? text.includes(route) : route.test(text))
    return (fits(request.path) || fits(request.route)) && (fault.when?.(request) ?? true)
  }
  return createFaultList<Fault, Recorded>(matches)
}
