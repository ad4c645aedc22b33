// What a test lets go wrong: answers that are wrong, late, cut or missing, with or without the request taking effect.
import { createFaultList } from '../fault-list.ts'

/** A request as it came in; what is not known yet when the answer is decided is missing. */
export type Recorded = {
  /** A method of the Web API, or 'upload', 'download', 'response_url'. */
  method: string
  /** Decoded: blocks, metadata and the like are objects. */
  args: Record<string, unknown>
  token: 'bot' | 'app' | 'none' | 'wrong'
  /** Id of the workspace, or of the organisation, the token is of. */
  team?: string
  /** 0 while unanswered, and when the connection was cut. */
  status: number
  /** Real time. */
  atMs: number
  error?: string
  /** Of an upload: how many have come. */
  bytes?: number
  /** Of a 429. */
  retryAfterSeconds?: number
  /** It came before the time of an earlier 429 was over. */
  tooSoon?: true
}

export type How =
  | { kind: 'status'; status: number; after?: true; body?: string; headers?: Record<string, string> }
  /** Connection lost: once so much of the body has come, or instead of the answer. */
  | { kind: 'cut'; after?: true; atByte?: number }
  /** Never answered; with `seconds`, of real time, answered then. */
  | { kind: 'hang'; after?: true; seconds?: number }
  /** So much of an upload is kept, though it is called received; so much of a download is sent. */
  | { kind: 'truncate'; bytes: number }
  | { kind: 'rateLimit'; retryAfterSeconds: number }
  | { kind: 'refuse'; error: string; after?: true }

export type Fault = {
  /** As `method` in `requests`; with a dot at its end, all that begin so. */
  route: RegExp | string
  /** How often; always, when left out. */
  times?: number
  /** Asked with the args, except for a cut at a byte: that strikes while they still come. */
  when?: (request: Recorded) => boolean
  how: How
}

export function createFaults() {
  const matches = ({ route, when }: Fault, request: Recorded) => {
    const { method } = request
    const fits =
      typeof route !== 'string'
        ? route.test(method)
        : route === method || (route.endsWith('.') && method.startsWith(route))
    return fits && (when?.(request) ?? true)
  }
  return createFaultList<Fault, Recorded>(matches)
}
