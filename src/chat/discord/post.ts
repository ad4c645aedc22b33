// New messages by the bot, each once: Discord drops a repeat with the same nonce for some minutes, and later repeats are found by
// reading back.
import { createHash } from 'node:crypto'
import { type APIMessage, MessageFlags, Routes } from 'discord-api-types/v10'
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import { escapeMarkdown } from './markdown.ts'
import type { Reach } from './reach.ts'
import { PAGE } from './reach.ts'
import { footerOf } from './render.ts'
import type { DiscordRest } from './rest.ts'
import { firstIdAt } from './snowflake.ts'

const NONCE_CHARACTERS = 25
/** Between Discord's clock and ours. */
const CLOCK_SKEW_MS = 60_000

/** @param about what the message is, the same for every repeat of it and for nothing else */
export function createMessage(
  rest: DiscordRest,
  channel: string,
  about: string,
  body: object,
): Promise<{ id: string }> {
  const nonce = createHash('sha256').update(about).digest('base64url').slice(0, NONCE_CHARACTERS)
  return rest.request('POST', Routes.channelMessages(channel), {
    body: { ...body, nonce, enforce_nonce: true },
  })
}

/** The message that shows the request, among what the bot has written since it was asked. */
export async function findCard(reach: Reach, message: Message): Promise<string | undefined> {
  const { channel, interactionId, number, createdAt } = message
  const bot = await reach.botUserId()
  const isIts = ({ author, interaction_metadata, embeds }: APIMessage) =>
    author.id === bot &&
    ((interactionId !== null && interaction_metadata?.id === interactionId) ||
      embeds.some(({ footer }) => footer?.text === footerOf(number)))
  const newest = await reach.messagesIn(channel)
  const found = newest.find(isIts)
  if (found || newest.length < PAGE) return found?.id
  // Much has been said since: the first after it was asked.
  const since = interactionId ?? firstIdAt(createdAt.getTime() - CLOCK_SKEW_MS)
  return (await reach.messagesIn(channel, since)).find(isIts)?.id
}

/**
 * One reply that mentions the person who asked. Edits notify nobody, so it has to be a message of its own.
 * @param text the same for every repeat, and for no other request
 * @throws ChatError `chat_forbidden` when no way is open
 */
export async function mentionOnce(
  rest: DiscordRest,
  reach: Reach,
  message: Message,
  text: string,
): Promise<void> {
  const bot = await reach.botUserId()
  const content = `<@${message.person}> ${escapeMarkdown(text)}`
  const isIts = (one: APIMessage) =>
    one.author.id === bot &&
    (one.message_reference?.message_id === message.messageId || one.content === content)
  const newest = await reach.messagesIn(message.channel)
  const isThere =
    newest.some(isIts) ||
    (newest.length === PAGE &&
      (await reach.messagesIn(message.channel, message.messageId ?? '0')).some(isIts))
  if (isThere) return

  const body = { content, allowed_mentions: { parse: [], users: [message.person], replied_user: false } }
  const reply = { ...body, message_reference: { message_id: message.messageId, fail_if_not_exists: false } }
  const about = `mention ${message.requestId}`
  const token = reach.liveToken(message)
  // A reply needs the right to read back; where the bot may not even write, the interaction may.
  const ways = [
    () => reach.awake(message, () => createMessage(rest, message.channel, about, reply)),
    () => createMessage(rest, message.channel, about, body),
    ...(token ? [() => answerInteraction(rest, token, body)] : []),
  ]
  let refusal: unknown
  for (const way of ways) {
    try {
      await way()
      return
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      // The nonce belongs to a mention that was posted, and deleted since.
      if (error.code === 'chat_gone') return
      if (error.code !== 'chat_forbidden' && error.code !== 'chat_expired') throw error
      refusal = error
    }
  }
  throw refusal
}

/** To the person who asked alone: by the interaction while it lives, else as a direct message. @returns whether it got there */
export async function tellPrivately(
  rest: DiscordRest,
  reach: Reach,
  message: Message,
  text: string,
): Promise<boolean> {
  const body = { content: escapeMarkdown(text), allowed_mentions: { parse: [] } }
  const token = reach.liveToken(message)
  const ways = [
    ...(token ? [() => answerInteraction(rest, token, { ...body, flags: MessageFlags.Ephemeral })] : []),
    async () => {
      const recipient = { recipient_id: message.person }
      const { id } = await rest.request<{ id: string }>('POST', Routes.userChannels(), { body: recipient })
      await createMessage(rest, id, `tell ${message.requestId} ${text}`, body)
    },
  ]
  for (const way of ways) {
    try {
      await way()
      return true
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
    }
  }
  return false
}

function answerInteraction(rest: DiscordRest, token: string, body: object): Promise<unknown> {
  return rest.request('POST', Routes.webhook(rest.applicationId, token), { body, byInteraction: true })
}
