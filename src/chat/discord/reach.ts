// How a message is reached: by its interaction while that may, then by the bot; a thread that sleeps is woken.
import type { RouteLike } from '@discordjs/rest'
import { type APIMessage, RESTJSONErrorCodes, Routes } from 'discord-api-types/v10'
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import { type DiscordRest, discordCode } from './rest.ts'

export type Reach = ReturnType<typeof createReach>

/** Messages of a channel that are read at once. */
export const PAGE = 100

const MOST_DEAD = 1000

export function createReach(rest: DiscordRest) {
  /** Tokens that Discord has called dead, before their time by our clock. */
  const dead = new Set<string>()
  let botId: Promise<string> | undefined

  /** @param neededMs how long it has to live yet */
  const liveToken = ({ token, tokenExpiresAt }: Message, neededMs = 0): string | undefined =>
    token && tokenExpiresAt && tokenExpiresAt.getTime() - neededMs > Date.now() && !dead.has(token)
      ? token
      : undefined

  /** @throws ChatError `chat_expired` also when there is no live token */
  const byInteraction = async <T>(message: Message, call: (route: RouteLike) => Promise<T>): Promise<T> => {
    const token = liveToken(message)
    if (!token) throw new ChatError('chat_expired')
    try {
      return await call(Routes.webhookMessage(rest.applicationId, token, '@original'))
    } catch (error) {
      if (isExpired(error)) {
        if (dead.size >= MOST_DEAD) dead.clear() // what is asked once more in vain does no harm
        dead.add(token)
      }
      throw error
    }
  }

  return {
    liveToken,
    byInteraction,

    /** The bot's own user, which is the author of what it posts; today's applications share their id with it. */
    async botUserId(): Promise<string> {
      botId ??= rest.request<{ id: string }>('GET', Routes.user()).then(({ id }) => id)
      try {
        return await botId
      } catch (error) {
        botId = undefined
        if (isRefusal(error)) return rest.applicationId
        throw error
      }
    },

    /** The interaction has a budget of its own and reaches where the bot may not be; when its token is dead the bot goes on, for good. */
    async byInteractionOrBot<T>(
      message: Message,
      call: (route: RouteLike, byInteraction: boolean) => Promise<T>,
    ): Promise<T> {
      try {
        return await byInteraction(message, (route) => call(route, true))
      } catch (error) {
        if (!isExpired(error)) throw error
      }
      return call(Routes.channelMessage(message.channel, message.messageId ?? ''), false)
    },

    /** Repeats `call` after waking the thread that it found asleep. */
    async awake<T>({ channel }: Message, call: () => Promise<T>): Promise<T> {
      try {
        return await call()
      } catch (error) {
        if (!isAsleep(error)) throw error
        await rest.request('PATCH', Routes.channel(channel), { body: { archived: false } })
        return call()
      }
    },

    /** The newest messages of the channel, or the first after an id; none where the bot may not read back: there a nonce has to do. */
    async messagesIn(channel: string, after?: string): Promise<APIMessage[]> {
      try {
        const query = { limit: String(PAGE), ...(after ? { after } : {}) }
        return await rest.request<APIMessage[]>('GET', Routes.channelMessages(channel), { query })
      } catch (error) {
        if (isRefusal(error)) return []
        throw error
      }
    },
  }
}

/** An answer that would be the same again. */
function isRefusal(error: unknown): boolean {
  return error instanceof ChatError && !error.passing
}

function isExpired(error: unknown): boolean {
  return error instanceof ChatError && error.code === 'chat_expired'
}

export function isAsleep(error: unknown): boolean {
  return discordCode(error) === RESTJSONErrorCodes.InvalidActionOnArchivedThread
}
