// A button of a card.
import { press } from '../../press.ts'
import { type Acknowledge, answer } from './answer.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { askedBy, type InteractiveBody, interactionOf } from './asked.ts'

export async function answerButton(
  body: InteractiveBody & { container?: { channel_id?: string } },
  actionId: string,
  ack: Acknowledge,
  deps: AnswerDeps,
): Promise<void> {
  const asked = askedBy({ ...body, channel: body.channel ?? { id: body.container?.channel_id ?? '' } })
  await answer(asked, deps, { ack, carriesText: false }, async () => {
    await press(actionId, interactionOf(asked), deps, () => deps.isManager(asked))
    return undefined
  })
}
