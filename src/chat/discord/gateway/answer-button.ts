// A button of a card.
import type { APIMessageComponentInteraction } from 'discord-api-types/v10'
import { press } from '../../press.ts'
import { isManager } from '../permissions.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { assertDeliverable, interactionOf } from './interaction.ts'
import { acknowledge } from './respond.ts'

export async function answerButton(given: APIMessageComponentInteraction, deps: AnswerDeps): Promise<void> {
  const done = await press(
    given.data.custom_id,
    interactionOf(given, deps.rest.applicationId),
    deps,
    () => isManager(given.member?.permissions, 'everyone'),
    () => assertDeliverable(given),
  )
  if (done && !deps.late) await acknowledge(deps.rest, given)
}
