// A command that somebody gave, in whichever way: run, then answered by the request's card or by a private text.
import { Routes } from 'discord-api-types/v10'
import type { Command, Reply, RequestReply } from '../../../../commands/command.ts'
import { COLON_SPELLING } from '../../../../commands/options.ts'
import { cardDigest, cardOf } from '../../../domain/card.ts'
import type { GivenFile } from '../../../domain/source.ts'
import { ChatError } from '../../../errors.ts'
import { readCard } from '../../../store/cards.ts'
import {
  findMessage,
  type Message,
  messageGoesPlain,
  messageIsThere,
  messagesOfNumbers,
} from '../../../store/messages.ts'
import { carryOut } from '../../carry-out.ts'
import { numbersIn } from '../../reply-marks.ts'
import { isManager } from '../permissions.ts'
import { renderCard } from '../render.ts'
import { renderText } from '../render-text.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { assertDeliverable, type Given, interactionOf, messageLink, newMessageOf } from './interaction.ts'
import { isRefused, showCard, tellAlone } from './respond.ts'

/** Looking whether a message is there must leave time for the answer. */
const LOOK_SECONDS = 1

/** @param values of its options, by name. @throws UserError */
export async function runCommand(
  given: Given,
  command: Command,
  { values, file }: { values: Record<string, unknown>; file: GivenFile | null },
  deps: AnswerDeps,
): Promise<void> {
  // What is asked for a song is to be posted.
  if ('song' in command.options.shape) assertDeliverable(given)
  const invocation = {
    interaction: interactionOf(given, deps.rest.applicationId),
    manager: isManager(given.member?.permissions, command.access),
    values,
    file,
    message: newMessageOf(given),
    spelling: COLON_SPELLING,
  }
  const reply = await carryOut(command, invocation, deps, (message) => isGone(message, deps))
  if (reply?.kind === 'text') await tellAlone(deps, given, await textOf(reply, deps))
  else if (reply) await showRequest(given, reply, deps)
}

async function isGone(message: Message, { rest }: AnswerDeps): Promise<boolean> {
  try {
    const route = Routes.channelMessage(message.channel, message.messageId ?? '')
    await rest.request('GET', route, { timeoutSeconds: LOOK_SECONDS })
    return false
  } catch (error) {
    return error instanceof ChatError && error.code === 'chat_gone'
  }
}

async function textOf(reply: Extract<Reply, { kind: 'text' }>, deps: AnswerDeps): Promise<string> {
  const { db, rest } = deps
  const numbers = numbersIn(reply)
  const places = numbers.length > 0 ? await messagesOfNumbers(db, 'discord', rest.applicationId, numbers) : []
  const links = new Map(places.map((place) => [place.number, messageLink(place)]))
  return renderText(reply, { linkOf: (number) => links.get(number) })
}

async function showRequest(
  given: Given,
  { request, standing, facts: read }: RequestReply,
  deps: AnswerDeps,
): Promise<void> {
  const { db, rest, log } = deps
  const facts = read ?? (await readCard(db, request.id))
  if (!facts) throw new Error('the request is gone')
  // Another process has answered this interaction, or the courier has made its message.
  if (standing === 'again' && (await findMessage(db, request.id))?.messageId) return
  // The answer is given: the courier posts the card.
  if (deps.late) return
  const now = new Date()
  const card = cardOf(facts, now)
  const show = (plain: boolean) => showCard(rest, given, renderCard(card, { plain, now }))
  const messageId = await show(false).catch(async (error: unknown) => {
    if (!isRefused(error)) throw error
    log.warn({ request: request.id }, "Discord refuses the song's words; its card goes without them")
    // First, while there is time to answer.
    const shown = await show(true)
    await messageGoesPlain(db, request.id)
    return shown
  })
  if (!messageId) return
  await messageIsThere(db, request.id, messageId, cardDigest(card))
}
