// A button of a card. What it does and who may is decided by the rows, not by the button.
import type { APIMessageComponentInteraction } from 'discord-api-types/v10'
import { UserError } from '../../../errors.ts'
import { cancelRequest } from '../../../queue/cancel.ts'
import { retryRequest } from '../../../queue/retry.ts'
import { findMessage } from '../../../store/messages.ts'
import { claimInteraction } from '../../../store/requests.ts'
import { parseButtonId } from '../buttons.ts'
import { isManager } from '../permissions.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { assertDeliverable, interactionOf } from './interaction.ts'
import { acknowledge } from './respond.ts'

export async function answerButton(given: APIMessageComponentInteraction, deps: AnswerDeps): Promise<void> {
  const button = parseButtonId(given.data.custom_id)
  const message = button && (await findMessage(deps.db, button.requestId))
  const interaction = interactionOf(given, deps.rest.applicationId)
  const { platform, app, workspace, channel, person } = interaction
  const isHere =
    message?.platform === platform &&
    message.app === app &&
    message.workspace === workspace &&
    message.channel === channel
  if (!button || !isHere) throw new UserError('no_such_request')
  const isAsker = message.person === person
  if (!isAsker && !isManager(given.member?.permissions, 'everyone')) throw new UserError('not_yours')

  const { action, requestId } = button
  if (!(await claimInteraction(deps.db, interaction))) return
  if (action === 'cancel') {
    if (!(await cancelRequest(deps, requestId, isAsker ? 'asker' : 'manager')))
      throw new UserError('nothing_to_cancel')
  } else {
    assertDeliverable(given)
    if (!(await retryRequest(deps, requestId))) throw new UserError('nothing_to_retry')
  }
  if (!deps.late) await acknowledge(deps.rest, given)
}
