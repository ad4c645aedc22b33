// A command run for somebody on Slack. A request has no answer here: the courier posts its card.
import type { Command, TextReply } from '../../../../commands/command.ts'
import type { GivenFile } from '../../../domain/source.ts'
import { messagesOfNumbers } from '../../../store/messages.ts'
import { carryOut } from '../../carry-out.ts'
import { numbersIn } from '../../reply-marks.ts'
import { SLACK_APP } from '../chat.ts'
import { isGone } from '../is-gone.ts'
import { renderText } from '../render-text.ts'
import { slackSpelling } from '../usage.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { type Asked, interactionOf, messageLink, newMessageOf } from './asked.ts'

/** Looking whether a message is there must leave time for the answer. */
const LOOK_SECONDS = 1

/**
 * @returns what there is to say to the person alone
 * @throws UserError
 */
export async function runCommand(
  command: Command,
  { values, file }: { values: Record<string, unknown>; file: GivenFile | null },
  asked: Asked,
  deps: AnswerDeps,
): Promise<string | undefined> {
  const invocation = {
    interaction: interactionOf(asked),
    // Whoever asks for a song needs to be nobody.
    manager: command.file === null && (await deps.isManager(asked)),
    values,
    file,
    message: newMessageOf(asked),
    spelling: slackSpelling(asked.slashCommand),
  }
  const reply = await carryOut(command, invocation, deps, (message) =>
    isGone(deps.web, message, { timeoutSeconds: LOOK_SECONDS }),
  )
  return reply?.kind === 'text' ? textOf(reply, asked, deps) : undefined
}

async function textOf(reply: TextReply, { domain }: Asked, { db }: AnswerDeps): Promise<string> {
  const numbers = domain ? numbersIn(reply) : []
  const places = numbers.length > 0 ? await messagesOfNumbers(db, 'slack', SLACK_APP, numbers) : []
  const links = new Map(places.map((place) => [place.number, messageLink(domain ?? '', place)]))
  return renderText(reply, { linkOf: (number) => links.get(number) })
}
