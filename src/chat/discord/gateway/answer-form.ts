// The form behind "Wrong song?": what it asks for, and what was filled in, carried out as the command of that name.
// https://discord.com/developers/docs/components/using-modal-components
import {
  type APIMessageComponentInteraction,
  type APIModalInteractionResponseCallbackData,
  type APIModalSubmitInteraction,
  ComponentType,
  TextInputStyle,
} from 'discord-api-types/v10'
import { UserError } from '../../../errors.ts'
import { findPressed } from '../../press.ts'
import { isManager } from '../permissions.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { assertDeliverable, interactionOf } from './interaction.ts'
import { askByForm, tellAlone } from './respond.ts'
import { runCommand } from './run-command.ts'

const LINK = 'link'
const LONGEST_LINK = 2048

/** Asks for the right song. @throws UserError */
export async function openForm(given: APIMessageComponentInteraction, deps: AnswerDeps): Promise<void> {
  await pressedBy(given, deps)
  assertDeliverable(given)
  // A form is a first answer or none.
  if (deps.late) await tellAlone(deps, given, 'That took too long: press the button again.')
  else await askByForm(deps.rest, given, formOf(given.data.custom_id))
}

/** @throws UserError */
export async function answerForm(given: APIModalSubmitInteraction, deps: AnswerDeps): Promise<void> {
  const { action, message } = await pressedBy(given, deps)
  const command = deps.commands.find(({ name }) => name === action)
  if (action !== 'wrong' || !command) throw new UserError('bad_usage')
  const values = { number: message.number, song: filledIn(given) }
  await runCommand(given, command, { values, file: null }, deps)
}

function pressedBy(given: APIMessageComponentInteraction | APIModalSubmitInteraction, deps: AnswerDeps) {
  const interaction = interactionOf(given, deps.rest.applicationId)
  return findPressed(given.data.custom_id, interaction, deps, () =>
    isManager(given.member?.permissions, 'everyone'),
  )
}

function formOf(buttonId: string): APIModalInteractionResponseCallbackData {
  return {
    custom_id: buttonId,
    title: 'Wrong song?',
    components: [
      {
        type: ComponentType.Label,
        label: 'Link of the right recording',
        component: {
          type: ComponentType.TextInput,
          custom_id: LINK,
          style: TextInputStyle.Short,
          placeholder: 'https://www.youtube.com/watch?v=…',
          max_length: LONGEST_LINK,
          required: true,
        },
      },
    ],
  }
}

function filledIn({ data }: APIModalSubmitInteraction): string {
  for (const field of data.components)
    if (field.type === ComponentType.Label && field.component.type === ComponentType.TextInput)
      return field.component.value
  throw new UserError('bad_usage')
}
