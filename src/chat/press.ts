// A button of a card, pressed. What it does and who may is decided by the rows, not by the button.
import type { CommandDeps } from '../../commands/command.ts'
import { UserError } from '../errors.ts'
import { cancelRequest } from '../queue/cancel.ts'
import { retryRequest } from '../queue/retry.ts'
import { findMessage } from '../store/messages.ts'
import type { Interaction } from '../store/requests.ts'
import { parseButtonId } from './buttons.ts'
import { once } from './once.ts'

/**
 * @param isManager whether the person may manage what others have asked for here
 * @param assertDeliverable throws where stems cannot be delivered
 * @returns false when another process carries this very press out
 * @throws UserError
 */
export async function press(
  buttonId: string,
  interaction: Interaction,
  deps: CommandDeps,
  isManager: () => boolean | Promise<boolean>,
  assertDeliverable: () => void = () => {},
): Promise<boolean> {
  const button = parseButtonId(buttonId)
  const message = button && (await findMessage(deps.db, button.requestId))
  const { platform, app, channel, person } = interaction
  // A channel's id is no other workspace's.
  const isHere = message?.platform === platform && message.app === app && message.channel === channel
  if (!button || !isHere) throw new UserError('no_such_request')
  const isAsker = message.person === person
  if (!isAsker && !(await isManager())) throw new UserError('not_yours')

  const { action, requestId } = button
  const done = await once(deps.db, interaction, async () => {
    if (action === 'cancel') {
      if (!(await cancelRequest(deps, requestId, isAsker ? 'asker' : 'manager')))
        throw new UserError('nothing_to_cancel')
    } else {
      assertDeliverable()
      if (!(await retryRequest(deps, requestId))) throw new UserError('nothing_to_retry')
    }
    return true
  })
  return done ?? false
}
