// The answer to an interaction, given once: its time is three seconds, and a second try would be refused. What is lost here the courier
// makes good.
import {
  type APIApplicationCommandOptionChoice,
  type APIInteractionResponse,
  type APIModalInteractionResponseCallbackData,
  InteractionResponseType,
  MessageFlags,
  type RESTPostAPIInteractionCallbackWithResponseResult,
  Routes,
} from 'discord-api-types/v10'
import { ChatError } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import { emit } from '../../../telemetry/events.ts'
import type { CardMessage } from '../render.ts'
import { type DiscordRest, discordCode } from '../rest.ts'
import type { Given } from './interaction.ts'

const TIMEOUT_SECONDS = 5
/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const ALREADY_ANSWERED = 40060

type Asked = Pick<Given, 'id' | 'token'>

/** @returns the id of the message that everybody sees now, where Discord tells it */
export async function showCard(
  rest: DiscordRest,
  asked: Asked,
  data: CardMessage,
): Promise<string | undefined> {
  const told = await respond(rest, asked, {
    type: InteractionResponseType.ChannelMessageWithSource,
    data,
  })
  return told?.resource?.message?.id ?? told?.interaction?.response_message_id
}

/** Said to the person who asked alone; in place of what they were told when it took long. */
export async function tellAlone(
  { rest, late }: { rest: DiscordRest; late: Promise<boolean> | undefined },
  asked: Asked,
  content: string,
): Promise<void> {
  const data = { content, allowed_mentions: { parse: [] } }
  if (late) {
    // What another process has answered is not ours to edit.
    if (!(await late)) return
    const route = Routes.webhookMessage(rest.applicationId, asked.token, '@original')
    await rest.request('PATCH', route, { body: data, byInteraction: true })
    return
  }
  await respond(rest, asked, {
    type: InteractionResponseType.ChannelMessageWithSource,
    data: { ...data, flags: MessageFlags.Ephemeral | MessageFlags.SuppressEmbeds },
  })
}

/** A button's press was heard; its message changes later. */
export async function acknowledge(rest: DiscordRest, asked: Asked): Promise<void> {
  await respond(rest, asked, { type: InteractionResponseType.DeferredMessageUpdate })
}

/** What is filled in comes as an interaction of its own. */
export async function askByForm(
  rest: DiscordRest,
  asked: Asked,
  data: APIModalInteractionResponseCallbackData,
): Promise<void> {
  await respond(rest, asked, { type: InteractionResponseType.Modal, data })
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

const begun = new WeakSet<Asked>()
const arrivedAtMs = new WeakMap<Asked, number>()

/** From now on its answer is waited for. */
export function interactionArrives(asked: Asked): void {
  arrivedAtMs.set(asked, performance.now())
}

/** Whether an answer is under way or given. */
export function isBeingAnswered(asked: Asked): boolean {
  return begun.has(asked)
}

async function respond(rest: DiscordRest, asked: Asked, body: APIInteractionResponse) {
  begun.add(asked)
  const { id, token } = asked
  const told = await rest.request<Partial<RESTPostAPIInteractionCallbackWithResponseResult> | undefined>(
    'POST',
    Routes.interactionCallback(id, token),
    { body, query: { with_response: 'true' }, byInteraction: true, timeoutSeconds: TIMEOUT_SECONDS },
  )
  const sinceMs = arrivedAtMs.get(asked)
  if (sinceMs !== undefined) emit('platform:ack', { platform: 'discord', ackMs: performance.now() - sinceMs })
  return told
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
