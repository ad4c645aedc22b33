// A shortcut on a message: the command for the file of sound in it.
import { UserError } from '../../../errors.ts'
import { shortcutId } from '../manifest.ts'
import { type Acknowledge, answer } from './answer.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { askedBy, type InteractiveBody } from './asked.ts'
import { fileOf, type SlackFile } from './file.ts'
import { runCommand } from './run.ts'

export async function answerShortcut(
  body: InteractiveBody & { callback_id: string; message: { files?: SlackFile[]; [key: string]: unknown } },
  ack: Acknowledge,
  deps: AnswerDeps,
): Promise<void> {
  const asked = askedBy(body)
  await answer(asked, deps, { ack, carriesText: false }, async () => {
    const command = deps.commands.find(
      ({ name, onMessage }) => onMessage !== null && shortcutId(name) === body.callback_id,
    )
    if (!command)
      throw new UserError(
        'bad_usage',
        'I do not know that shortcut any more: reload Slack to see what I know.',
      )
    const file = await fileOf(body.message.files ?? [], asked, deps)
    return runCommand(command, { values: {}, file }, asked, deps)
  })
}
