// The answer to an interaction, given once: its time is three seconds, and a second try would be refused. What is lost here the courier
// makes good.
import {
  type APIApplicationCommandOptionChoice,
  type APIInteractionResponse,
  InteractionResponseType,
  MessageFlags,
  type RESTPostAPIInteractionCallbackWithResponseResult,
  Routes,
} from 'discord-api-types/v10'
import { ChatError } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import type { CardMessage } from '../render.ts'
import { type DiscordRest, discordCode } from '../rest.ts'
import type { Given } from './interaction.ts'

const TIMEOUT_SECONDS = 5
/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const ALREADY_ANSWERED = 40060

type Asked = Pick<Given, 'id' | 'token'>

/** @returns the id of the message that everybody sees now */
export async function showCard(
  rest: DiscordRest,
  asked: Asked,
  data: CardMessage,
): Promise<string | undefined> {
  const { interaction, resource } = await respond(rest, asked, {
    type: InteractionResponseType.ChannelMessageWithSource,
    data,
  })
  return resource?.message?.id ?? interaction.response_message_id
}

/** Said to the person who asked alone. */
export async function tellAlone(rest: DiscordRest, asked: Asked, content: string): Promise<void> {
  await respond(rest, asked, {
    type: InteractionResponseType.ChannelMessageWithSource,
    data: {
      content,
      flags: MessageFlags.Ephemeral | MessageFlags.SuppressEmbeds,
      allowed_mentions: { parse: [] },
    },
  })
}

/** A button's press was heard; its message changes later. */
export async function acknowledge(rest: DiscordRest, asked: Asked): Promise<void> {
  await respond(rest, asked, { type: InteractionResponseType.DeferredMessageUpdate })
}

export async function suggest(
  rest: DiscordRest,
  asked: Asked,
  choices: APIApplicationCommandOptionChoice[],
): Promise<void> {
  await respond(rest, asked, {
    type: InteractionResponseType.ApplicationCommandAutocompleteResult,
    data: { choices },
  })
}

async function respond(rest: DiscordRest, { id, token }: Asked, body: APIInteractionResponse) {
  return rest.request<RESTPostAPIInteractionCallbackWithResponseResult>(
    'POST',
    Routes.interactionCallback(id, token),
    { body, query: { with_response: 'true' }, byInteraction: true, timeoutSeconds: TIMEOUT_SECONDS },
  )
}

/** Whether Discord takes no offence at who asks or when, but at what the answer says. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof ChatError) || discordCode(error) === ALREADY_ANSWERED) return false
  return error.code === 'chat_text_refused' || error.code === 'chat_refused'
}

/** An answer that Discord did not take. Nothing is lost by it: what was saved is shown by the courier. */
export function logUnanswered(log: Log, asked: Asked, error: ChatError): void {
  const about = { interaction: asked.id, code: error.code, discord: discordCode(error) }
  if (about.discord === ALREADY_ANSWERED) log.debug(about, 'another process has answered already')
  else if (error.code === 'chat_expired') log.warn(about, 'an answer came too late')
  else if (error.code === 'chat_unavailable') log.warn(about, 'whether an answer arrived is unknown')
  else log.error(about, 'Discord did not take an answer')
}
