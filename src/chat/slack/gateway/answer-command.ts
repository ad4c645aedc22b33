// The slash command: its text names a command and its options; with nothing to go by, a form asks.
import type { Command } from '../../../../commands/command.ts'
import { MAIN_COMMAND, mainCommand, parseCommandText } from '../../command-text.ts'
import { withoutMarks } from '../marks.ts'
import { type Acknowledge, answer } from './answer.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { askedBySlash, type SlashBody } from './asked.ts'
import { openForm } from './form.ts'
import { runCommand } from './run.ts'

export async function answerCommand(body: SlashBody, ack: Acknowledge, deps: AnswerDeps): Promise<void> {
  const asked = askedBySlash(body)
  await answer(asked, deps, { ack, carriesText: true }, async () => {
    const { command, values, isBare } = given(body, deps.commands)
    if (isBare) return openForm(command, { values }, asked, deps)
    return runCommand(command, { values, file: null }, asked, deps)
  })
}

function given({ command: slash, text: typed }: SlashBody, commands: readonly Command[]) {
  const text = typeof typed === 'string' ? withoutMarks(typed) : ''
  // A workspace may call the one command as it likes, or have another for each.
  const own = commands.find(({ name }) => name === slash.slice(1) && name !== MAIN_COMMAND)
  const parsed = parseCommandText(commands, own ? `${own.name} ${text}` : text)
  return parsed === 'nothing' ? { command: mainCommand(commands), values: {}, isBare: true } : parsed
}
