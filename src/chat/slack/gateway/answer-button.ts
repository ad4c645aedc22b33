// A button of a card, or a choice made in its menu. "Wrong song?" asks for the right one in a form, which is sent as a command.
import { parseButtonId } from '../../buttons.ts'
import { findPressed, press } from '../../press.ts'
import { type Acknowledge, answer } from './answer.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { type Asked, askedBy, type InteractiveBody, interactionOf } from './asked.ts'
import { openForm } from './form.ts'

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
type Pressed = { action_id: string; selected_option?: { value?: string } | null }

export async function answerButton(
  body: InteractiveBody & { container?: { channel_id?: string } },
  { action_id: buttonId, selected_option }: Pressed,
  ack: Acknowledge,
  deps: AnswerDeps,
): Promise<void> {
  const asked = askedBy({ ...body, channel: body.channel ?? { id: body.container?.channel_id ?? '' } })
  await answer(asked, deps, { ack, carriesText: false }, async () => {
    if (parseButtonId(buttonId)?.action === 'wrong') return askForRightSong(buttonId, asked, deps)
    const choice = selected_option?.value ?? null
    await press({ buttonId, choice }, interactionOf(asked), deps, () => deps.isManager(asked))
    return undefined
  })
}

/** @throws UserError for those who may not say so */
async function askForRightSong(
  buttonId: string,
  asked: Asked,
  deps: AnswerDeps,
): Promise<string | undefined> {
  const { message } = await findPressed(buttonId, interactionOf(asked), deps, () => deps.isManager(asked))
  const wrong = deps.commands.find(({ name }) => name === 'wrong')
  if (!wrong) throw new Error('there is no command wrong')
  const known = { number: String(message.number) }
  return openForm(wrong, { known, title: 'Wrong song?', submit: 'Take this one' }, asked, deps)
}
