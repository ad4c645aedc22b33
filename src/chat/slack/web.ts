// Slack's Web API under our own policy: nothing is repeated here, nothing waits without a limit, every failure is a ChatError.
// The library would repeat a post whose answer was lost, and hold back every other call after one 429.
import {
  type FetchFunction,
  type Logger,
  type LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api'
import type { Place } from '../../domain/source.ts'
import { ChatError } from '../../errors.ts'
import { emit } from '../../telemetry/events.ts'
import { type Installations, installationOf, REMOVED } from './installations.ts'
import { chatErrorOf } from './meanings.ts'

export type CallOptions = { timeoutSeconds?: number; signal?: AbortSignal }
export type SlackWeb = {
  /** @throws ChatError; its cause knows Slack's own word */
  call<T = unknown>(place: Place, method: string, args: object, options?: CallOptions): Promise<T>
}

const TIMEOUT_SECONDS = 15
/** A call that was given up takes effect by then, or never. */
export const CALL_OVER_SECONDS = 20
const LEAST_PAUSE_SECONDS = 1

/** @param single whether the one token is the operator's own: a dead one is theirs to mend, and no workspace's */
export function createSlackWeb({
  apiUrl,
  installations,
  single,
}: {
  apiUrl: string
  installations: Pick<Installations, 'tokenOf'>
  single: boolean
}): SlackWeb {
  return {
    async call<T>(place: Place, method: string, args: object, options: CallOptions = {}) {
      const { timeoutSeconds = TIMEOUT_SECONDS, signal } = options
      const key = installationOf(place)
      // One for a call: a client that is shared would share its pauses.
      const client = new WebClient(await installations.tokenOf(key), {
        slackApiUrl: apiUrl,
        allowAbsoluteUrls: false,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: timeoutSeconds * 1000,
        logger: SILENT,
        ...(signal ? { fetch: fetchUntil(signal) } : {}),
        // An enterprise's token has to be told in which of its workspaces.
        ...(key.enterpriseId && !key.teamId ? { teamId: place.workspace } : {}),
      })
      try {
        return (await client.apiCall(method, { ...args })) as T
      } catch (error) {
        signal?.throwIfAborted()
        throw meaningOf(error, method, single)
      }
    },
  }
}

function fetchUntil(signal: AbortSignal): FetchFunction {
  return (url, init) =>
    fetch(url, {
      ...init,
      signal: init?.signal ? AbortSignal.any([signal, init.signal]) : signal,
    } as RequestInit)
}

function meaningOf(error: unknown, method: string, single: boolean): ChatError {
  const cause = causeOf(error)
  if (error instanceof WebAPIRateLimitedError) {
    emit('platform:rate-limit', { platform: 'slack' })
    const retryAfterSeconds = Math.max(error.retryAfter, LEAST_PAUSE_SECONDS)
    return new ChatError('chat_busy', { cause, retryAfterSeconds, pauses: PAUSES[method] ?? 'call' })
  }
  // What is no outage is the same again.
  if (error instanceof WebAPIHTTPError && isRefusal(error.statusCode))
    return new ChatError('chat_refused', { cause })
  // Anything else leaves open whether the call took effect.
  if (!cause.slackError) return new ChatError('chat_unavailable', { cause })
  const meaning = chatErrorOf(cause.slackError, cause.needed, cause)
  return meaning.code === 'chat_unauthorized' && !single
    ? new ChatError('chat_forbidden', { cause, sentence: REMOVED })
    : meaning
}

/** Whether an HTTP status says no, and will again. */
export function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

/** Slack counts a method's calls in a workspace, and posts in a channel. https://docs.slack.dev/apis/web-api/rate-limits */
const PAUSES: Record<string, 'workspace' | 'channel'> = {
  'chat.update': 'workspace',
  'chat.postMessage': 'channel',
}

type Cause = Error & { slackError?: string; needed?: string }

/** Slack's names of errors; the library takes a whole page of a proxy for one. */
const WORD = /^\w{1,100}$/

/** What the library threw, without bodies, headers and addresses. */
function causeOf(error: unknown): Cause {
  if (error instanceof WebAPIPlatformError && WORD.test(error.data.error ?? '')) {
    const { error: word, needed, response_metadata } = error.data as typeof error.data & { needed?: string }
    const details = response_metadata?.messages?.slice(0, 3).join('; ')
    return Object.assign(new Error(`Slack said ${word}${details ? `: ${details.slice(0, 300)}` : ''}`), {
      slackError: word,
      ...(needed ? { needed } : {}),
    })
  }
  if (error instanceof WebAPIHTTPError) return new Error(`Slack answered ${error.statusCode}`)
  if (error instanceof WebAPIRequestError) return new Error(error.original.message)
  if (error instanceof WebAPIRateLimitedError) return new Error('Slack asked for a pause')
  return new Error('Slack answered in a way that makes no sense')
}

/** The library would write bodies; what matters is in the errors. */
const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as LogLevel,
  setName() {},
}
