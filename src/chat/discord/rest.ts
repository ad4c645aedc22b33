// Discord's REST API under our own policy: nothing is repeated here, nothing waits without a limit, every failure is a ChatError.
// The library would repeat a POST whose answer was lost, and drop its token at an interaction's 401.
import {
  DefaultRestOptions,
  DiscordAPIError,
  HTTPError,
  RateLimitError,
  REST,
  type RequestMethod,
  type RouteLike,
} from '@discordjs/rest'
import { RESTJSONErrorCodes } from 'discord-api-types/v10'
import { ChatError, type ChatErrorCode } from '../../errors.ts'
import { emit } from '../../telemetry/events.ts'

export type DiscordAccess = { apiUrl: string; token: string; applicationId: string }
export type RestOptions = {
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, in place of `body`: a form with files. */
  form?: { bytes: Uint8Array; contentType: string }
  query?: Record<string, string>
  /** The route carries an interaction's own token: the bot's is not sent. */
  byInteraction?: boolean
  timeoutSeconds?: number
  signal?: AbortSignal
}
export type DiscordRest = {
  applicationId: string
  /** @throws ChatError; its cause is the library's own */
  request<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    route: RouteLike,
    options?: RestOptions,
  ): Promise<T>
}

const TIMEOUT_SECONDS = 15
/** Longer pauses are the caller's: the job or the edit goes back into its queue. */
const LONGEST_PAUSE_MS = 5_000
const LEAST_PAUSE_SECONDS = 1

export function createDiscordRest({ apiUrl, token, applicationId }: DiscordAccess): DiscordRest {
  const policy = {
    api: apiUrl,
    version: '10',
    retries: 0,
    timeout: 3600_000, // ours is a signal a request, which also covers the answer's body
    rejectOnRateLimit: ({ retryAfter }: { retryAfter: number }) => retryAfter > LONGEST_PAUSE_MS,
    makeRequest: requestOnce,
  }
  const byBot = new REST(policy).setToken(token)
  // Discord counts these apart from the bot's 50 requests a second: 200 commands at once are answered in time.
  const byInteractions = new REST({ ...policy, globalRequestsPerSecond: Number.POSITIVE_INFINITY })
  return {
    applicationId,
    async request<T>(method: string, route: RouteLike, options: RestOptions = {}): Promise<T> {
      const { body, form, query, byInteraction = false, timeoutSeconds = TIMEOUT_SECONDS, signal } = options
      const limit = AbortSignal.timeout(Math.ceil(timeoutSeconds * 1000))
      try {
        const answer = await (byInteraction ? byInteractions : byBot).request({
          method: method as RequestMethod,
          fullRoute: route,
          auth: !byInteraction,
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
          ...(query ? { query: new URLSearchParams(query) } : {}),
          ...(body === undefined ? {} : { body }),
          ...(form
            ? { body: form.bytes, passThroughBody: true, headers: { 'Content-Type': form.contentType } }
            : {}),
        })
        return answer as T
      } catch (error) {
        if (!byInteraction) byBot.setToken(token) // a 401 makes the library forget it
        throw chatErrorOf(error, byInteraction)
      }
    },
  }
}

/** Discord's own number for what went wrong; undefined when it said none. */
export function discordCode(error: unknown): number | undefined {
  return error instanceof ChatError ? (error.cause as Cause | undefined)?.code : undefined
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json; 200000 is AutoMod, 240000 a harmful link. */
const MEANINGS: Record<number, ChatErrorCode> = {
  [RESTJSONErrorCodes.UnknownMessage]: 'chat_gone',
  [RESTJSONErrorCodes.UnknownChannel]: 'chat_forbidden',
  [RESTJSONErrorCodes.MissingAccess]: 'chat_forbidden',
  [RESTJSONErrorCodes.MissingPermissions]: 'chat_forbidden',
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]: 'chat_forbidden',
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread]: 'chat_forbidden',
  [RESTJSONErrorCodes.ThreadLocked]: 'chat_forbidden',
  [RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory]: 'chat_forbidden',
  [RESTJSONErrorCodes.UnknownWebhook]: 'chat_expired',
  [RESTJSONErrorCodes.UnknownInteraction]: 'chat_expired',
  [RESTJSONErrorCodes.InvalidWebhookToken]: 'chat_expired',
  [RESTJSONErrorCodes.RequestEntityTooLarge]: 'chat_too_large',
  [RESTJSONErrorCodes.MessageWasBlockedByAutomaticModeration]: 'chat_text_refused',
  [RESTJSONErrorCodes.MessageBlockedByHarmfulLinksFilter]: 'chat_text_refused',
}

/** A 429 is the caller's to wait out: the library would, unseen by whoever else writes there, and at once where no header says how long. */
async function requestOnce(...given: Parameters<typeof DefaultRestOptions.makeRequest>) {
  const response = await DefaultRestOptions.makeRequest(...given)
  if (response.status !== 429) return response
  emit('platform:rate-limit', { platform: 'discord' })
  const body = (await response.json().catch(() => ({}))) as { retry_after?: unknown; global?: unknown }
  const said = Math.max(Number(response.headers.get('retry-after')) || 0, Number(body.retry_after) || 0)
  throw new ChatError('chat_busy', {
    retryAfterSeconds: Math.max(said, LEAST_PAUSE_SECONDS),
    pauses: body.global === true ? 'everywhere' : 'channel',
  })
}

function chatErrorOf(error: unknown, byInteraction: boolean): ChatError {
  if (error instanceof ChatError) return error
  const options = { cause: causeOf(error) }
  if (error instanceof RateLimitError) {
    const { retryAfter, global } = error
    const pauses = global ? 'everywhere' : 'channel'
    return new ChatError('chat_busy', { ...options, retryAfterSeconds: retryAfter / 1000, pauses })
  }
  const { status, code } = options.cause
  if (status === 401) return new ChatError(byInteraction ? 'chat_expired' : 'chat_unauthorized', options)
  if (status === 413) return new ChatError('chat_too_large', options)
  // 5xx, a time limit and a broken connection leave open whether the request took effect; an answer without a code is none of Discord's.
  if (code === undefined || status === undefined || status >= 500)
    return new ChatError('chat_unavailable', options)
  const known = MEANINGS[code]
  if (known) return new ChatError(known, options)
  if (status === 403) return new ChatError('chat_forbidden', options)
  if (status === 404 && byInteraction) return new ChatError('chat_expired', options)
  return new ChatError('chat_refused', options)
}

type Cause = Error & { status?: number; code?: number }

/** What the library threw, without the address, which may hold a token, and the body, which may be a song. */
function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return new Error(String(error))
  const cause: Cause = new Error(error.message, error.cause instanceof Error ? { cause: error.cause } : {})
  cause.name = error.name
  if (error instanceof HTTPError || error instanceof DiscordAPIError) cause.status = error.status
  if (error instanceof DiscordAPIError && typeof error.code === 'number') cause.code = error.code
  return cause
}
