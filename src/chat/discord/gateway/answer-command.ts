// A slash command, or a command on a message.
import {
  type APIApplicationCommandInteractionDataBasicOption,
  type APIChatInputApplicationCommandInteractionData,
  type APIMessageApplicationCommandInteractionData,
  ApplicationCommandOptionType,
} from 'discord-api-types/v10'
import type { Command } from '../../../../commands/command.ts'
import type { GivenFile } from '../../../domain/source.ts'
import { UserError } from '../../../errors.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { givenFile, soundOf } from './attachment.ts'
import type { Given } from './interaction.ts'
import { runCommand } from './run-command.ts'

export async function answerCommand(
  given: Given,
  data: APIChatInputApplicationCommandInteractionData,
  deps: AnswerDeps,
): Promise<void> {
  const command = mustBeKnown(deps.commands.find(({ name }) => name === data.name))
  const options = (data.options ?? []) as APIApplicationCommandInteractionDataBasicOption[]
  const values: Record<string, unknown> = {}
  let file: GivenFile | null = null
  for (const option of options) {
    if (option.type === ApplicationCommandOptionType.Attachment) {
      const attachment = data.resolved?.attachments?.[option.value]
      if (!attachment) throw new UserError('attachment_gone')
      file = givenFile(attachment, deps)
    } else values[option.name] = option.value
  }
  await runCommand(given, command, { values, file }, deps)
}

/** The command for the first file of sound in the message. */
export async function answerMessageCommand(
  given: Given,
  data: APIMessageApplicationCommandInteractionData,
  deps: AnswerDeps,
): Promise<void> {
  const command = mustBeKnown(deps.commands.find(({ onMessage }) => onMessage === data.name))
  const message = data.resolved.messages[data.target_id]
  if (!message) throw new UserError('attachment_gone')
  await runCommand(given, command, { values: {}, file: soundOf(message, deps) }, deps)
}

function mustBeKnown(command: Command | undefined): Command {
  if (command) return command
  throw new UserError('bad_usage', 'I do not know that command any more: reload Discord to see what I know.')
}
