// A button of a card, or a choice in its menu.
import { type APIMessageComponentInteraction, ComponentType } from 'discord-api-types/v10'
import { parseButtonId } from '../../buttons.ts'
import { press } from '../../press.ts'
import { isManager } from '../permissions.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { openForm } from './answer-form.ts'
import { assertDeliverable, interactionOf } from './interaction.ts'
import { acknowledge } from './respond.ts'

export async function answerButton(given: APIMessageComponentInteraction, deps: AnswerDeps): Promise<void> {
  const { data } = given
  if (parseButtonId(data.custom_id)?.action === 'wrong') return openForm(given, deps)
  const choice = data.component_type === ComponentType.StringSelect ? (data.values[0] ?? null) : null
  const done = await press(
    { buttonId: data.custom_id, choice },
    interactionOf(given, deps.rest.applicationId),
    deps,
    () => isManager(given.member?.permissions, 'everyone'),
    () => assertDeliverable(given),
  )
  if (done && !deps.late) await acknowledge(deps.rest, given)
}
