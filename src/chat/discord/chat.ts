// Discord behind the chat port, by REST alone: what the courier and delivery use, in any process that has the bot's token.
import { createHash } from 'node:crypto'
import {
  type APIMessage,
  type ChannelType,
  GuildPremiumTier,
  MessageFlags,
  Routes,
} from 'discord-api-types/v10'
import { hasEnded } from '../../domain/card.ts'
import type { Pacing } from '../../domain/pace.ts'
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import type { Chat } from '../chat.ts'
import { footerOf, renderCard } from './render.ts'
import { createDiscordRest, type DiscordAccess, type DiscordRest, discordCode } from './rest.ts'
import { attachAll, MAX_REQUEST_BYTES } from './upload.ts'

/**
 * Seen limits are 5 edits in 5 s a channel, 3 in 6 s of messages older than an hour, and 50 requests a second in all; delivery, other
 * processes and answers to people need some of it.
 */
const PACING: Pacing = {
  messageSeconds: 5,
  channel: { edits: 4, seconds: 5 },
  workspace: null,
  app: { edits: 40, seconds: 1 },
  old: { afterSeconds: 3600, messageSeconds: 10, channel: { edits: 2, seconds: 6 } },
}
const MAX_FILES = 10
const MiB = 1024 ** 2
/** What every channel takes; https://discord.com/developers/docs/reference#uploading-files */
const FILE_BYTES = 10 * MiB
const BOOSTED_FILE_BYTES: Partial<Record<GuildPremiumTier, number>> = {
  [GuildPremiumTier.Tier2]: 50 * MiB,
  [GuildPremiumTier.Tier3]: 100 * MiB,
}
const GUILD_CACHE_MS = 600_000
/** 25 MiB at 1 Mbit/s take 210 s. */
const UPLOAD_SECONDS = 300
/** Encoding and sending need this much of the interaction's time. */
const DELIVERY_MS = 180_000
/** Between Discord's clock and ours. */
const CLOCK_SKEW_MS = 60_000
const DISCORD_EPOCH_MS = 1420070400000n
const NONCE_CHARACTERS = 25
const PAGE = 100

export function openDiscordChat(access: DiscordAccess): Chat {
  const rest = createDiscordRest(access)
  // Of its own, so that no edit waits behind a long upload of its channel.
  const uploads = createDiscordRest(access)
  const app = access.applicationId
  /** Tokens that Discord has called dead, before their time by our clock. */
  const dead = new Set<string>()
  const guilds = new Map<string, { bytes: number; atMs: number }>()
  let botId: Promise<string> | undefined

  const own = (): Promise<string> => {
    botId ??= rest.request<{ id: string }>('GET', Routes.user()).then(({ id }) => id)
    botId.catch(() => {
      botId = undefined
    })
    return botId
  }
  const liveToken = ({ token, tokenExpiresAt }: Message, neededMs = 0): string | undefined => {
    const lives =
      token && tokenExpiresAt && tokenExpiresAt.getTime() - neededMs > Date.now() && !dead.has(token)
    return lives ? token : undefined
  }
  /** By the interaction while it may, which has a budget of its own and reaches where the bot may not be; then by the bot. */
  const byEither = async <T>(
    message: Message,
    call: (route: (id: string) => `/${string}`, byInteraction: boolean) => Promise<T>,
  ): Promise<T> => {
    const token = liveToken(message)
    if (token) {
      try {
        return await call((id) => Routes.webhookMessage(app, token, id), true)
      } catch (error) {
        if (!(error instanceof ChatError) || error.code !== 'chat_expired') throw error
        dead.add(token)
      }
    }
    return call((id) => Routes.channelMessage(message.channel, id), false)
  }
  /** A thread that has gone to sleep is woken for what must be shown. */
  const awake = async <T>(message: Message, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      if (!isArchived(error)) throw error
      await rest.request('PATCH', Routes.channel(message.channel), { body: { archived: false } })
      return call()
    }
  }
  const newest = (message: Message, after?: string): Promise<APIMessage[]> =>
    rest
      .request<APIMessage[]>('GET', Routes.channelMessages(message.channel), {
        query: { limit: String(PAGE), ...(after ? { after } : {}) },
      })
      .catch((error: unknown) => {
        // Without the right to read back, a nonce is all that keeps a repeat from posting twice.
        if (error instanceof ChatError && error.code === 'chat_forbidden') return []
        throw error
      })
  const guildFileBytes = async (workspace: string): Promise<number> => {
    if (workspace === '') return FILE_BYTES
    const known = guilds.get(workspace)
    if (known && Date.now() - known.atMs < GUILD_CACHE_MS) return known.bytes
    const bytes = await rest
      .request<{ premium_tier: GuildPremiumTier }>('GET', Routes.guild(workspace))
      .then(({ premium_tier }) => BOOSTED_FILE_BYTES[premium_tier] ?? FILE_BYTES)
      .catch(() => FILE_BYTES)
    guilds.set(workspace, { bytes, atMs: Date.now() })
    return bytes
  }
  const create = (channel: string, body: object, nonce: string): Promise<{ id: string }> =>
    rest.request('POST', Routes.channelMessages(channel), { body: { ...body, nonce, enforce_nonce: true } })

  return {
    platform: 'discord',
    app,
    pacing: PACING,
    maxFiles: MAX_FILES,

    async maxFileBytes(message) {
      const said = message.maxFileBytes ?? FILE_BYTES
      const bytes = liveToken(message, DELIVERY_MS)
        ? said
        : Math.min(said, await guildFileBytes(message.workspace))
      return Math.min(bytes, MAX_REQUEST_BYTES)
    },

    async find(message) {
      const token = liveToken(message)
      if (token) {
        try {
          const route = Routes.webhookMessage(app, token, '@original')
          return { id: (await rest.request<APIMessage>('GET', route, { byInteraction: true })).id }
        } catch (error) {
          if (!(error instanceof ChatError)) throw error
          if (error.code === 'chat_gone') return 'deleted'
          if (error.code !== 'chat_expired') throw error
          dead.add(token)
        }
      }
      const me = await own()
      const isIts = ({ author, interaction_metadata, embeds }: APIMessage) =>
        author.id === me &&
        ((message.interactionId !== null && interaction_metadata?.id === message.interactionId) ||
          embeds.some(({ footer }) => footer?.text === footerOf(message.number)))
      const since = message.interactionId ?? snowflakeOf(message.createdAt.getTime() - CLOCK_SKEW_MS)
      const first = await newest(message, since)
      const found =
        first.find(isIts) ?? (first.length === PAGE ? (await newest(message)).find(isIts) : undefined)
      return found ? { id: found.id } : 'absent'
    },

    async post(message, card) {
      const body = renderCard(card, { plain: message.plain, now: new Date() })
      // Another card after a deletion is another message.
      const nonce = nonceOf(`card ${message.requestId} ${message.postAfter.getTime()}`)
      return (await awake(message, () => create(message.channel, body, nonce))).id
    },

    async edit(message, card) {
      const body = renderCard(card, { plain: message.plain, now: new Date() })
      const write = () =>
        byEither(message, (route, byInteraction) =>
          rest.request('PATCH', route(message.messageId ?? ''), { body, byInteraction }),
        )
      if (hasEnded(card.state)) await awake(message, write)
      else
        await write().catch((error: unknown) => {
          // Nobody looks at a sleeping thread: it is woken for the end, not for progress.
          if (!isArchived(error)) throw error
        })
    },

    async attach(message, files, signal) {
      const id = message.messageId ?? ''
      const there = await byEither(message, (route, byInteraction) =>
        rest.request<APIMessage>('GET', route(id), { byInteraction, signal }),
      ).catch((error: unknown) => {
        if (error instanceof ChatError && error.code === 'chat_forbidden') return { attachments: [] }
        throw error
      })
      await attachAll(there.attachments, files, (form) =>
        awake(message, () =>
          byEither(message, (route, byInteraction) =>
            uploads.request<APIMessage>('PATCH', route(id), {
              body: form,
              byInteraction,
              timeoutSeconds: UPLOAD_SECONDS,
              signal,
            }),
          ),
        ),
      )
    },

    async mention(message, text) {
      const me = await own()
      const isIts = ({ author, message_reference }: APIMessage) =>
        author.id === me && message_reference?.message_id === message.messageId
      if ((await newest(message)).some(isIts)) return
      const body = {
        content: `<@${message.person}> ${text}`,
        allowed_mentions: { parse: [], users: [message.person], replied_user: false },
      }
      const reference = { message_id: message.messageId, fail_if_not_exists: false }
      const nonce = nonceOf(`mention ${message.requestId}`)
      try {
        await awake(message, () => create(message.channel, { ...body, message_reference: reference }, nonce))
      } catch (error) {
        if (!(error instanceof ChatError)) throw error
        // The nonce's first message was posted, and deleted since.
        if (error.code === 'chat_gone') return
        if (error.code !== 'chat_forbidden') throw error
        await mentionWithoutReply(rest, message, liveToken(message), body, nonce)
      }
    },

    async tell(message, text) {
      try {
        const token = liveToken(message)
        if (token) {
          const body = { content: text, flags: MessageFlags.Ephemeral, allowed_mentions: { parse: [] } }
          const told = await rest
            .request('POST', Routes.webhook(app, token), { body, byInteraction: true })
            .then(
              () => true,
              () => false,
            )
          if (told) return true
        }
        const body = { recipient_id: message.person }
        const channel = await rest.request<{ id: string; type: ChannelType }>('POST', Routes.userChannels(), {
          body,
        })
        await create(
          channel.id,
          { content: text, allowed_mentions: { parse: [] } },
          nonceOf(`tell ${message.requestId}`),
        )
        return true
      } catch (error) {
        if (error instanceof ChatError) return false
        throw error
      }
    },
  }
}

/** Where no reply may be made: an ordinary message if the bot may write, else an answer to the interaction; else nobody is called. */
async function mentionWithoutReply(
  rest: DiscordRest,
  message: Message,
  token: string | undefined,
  body: object,
  nonce: string,
): Promise<void> {
  const attempts = [
    () =>
      rest.request('POST', Routes.channelMessages(message.channel), {
        body: { ...body, nonce, enforce_nonce: true },
      }),
    ...(token
      ? [() => rest.request('POST', Routes.webhook(rest.applicationId, token), { body, byInteraction: true })]
      : []),
  ]
  for (const attempt of attempts) {
    try {
      await attempt()
      return
    } catch (error) {
      if (!(error instanceof ChatError) || error.passing) throw error
    }
  }
}

const ARCHIVED_THREAD = 50083

function isArchived(error: unknown): boolean {
  return discordCode(error) === ARCHIVED_THREAD
}

function nonceOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, NONCE_CHARACTERS)
}

/** The least id that Discord gives to anything made at that time. */
function snowflakeOf(ms: number): string {
  return String((BigInt(ms) - DISCORD_EPOCH_MS) << 22n)
}
