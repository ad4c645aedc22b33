// A button of a card, pressed, or a choice made in its menu. What it does and who may is decided by the rows, not by the button.
import type { CommandDeps } from '../../commands/command.ts'
import { UserError } from '../errors.ts'
import { cancelRequest } from '../queue/cancel.ts'
import { chooseRecording } from '../queue/choose.ts'
import { retryRequest } from '../queue/retry.ts'
import { findMessage, type Message } from '../store/messages.ts'
import type { Interaction } from '../store/requests.ts'
import { inCommandSpan, sayRequest } from '../telemetry/command-span.ts'
import { type ButtonAction, parseButtonId } from './buttons.ts'
import { once } from './once.ts'

/** `choice` is what was chosen in a menu. */
export type Pressed = { buttonId: string; choice: string | null }

/**
 * @param isManager whether the person may manage what others have asked for here
 * @param assertDeliverable throws where stems cannot be delivered
 * @returns false when another process carries this very press out
 * @throws UserError
 */
export async function press(
  { buttonId, choice }: Pressed,
  interaction: Interaction,
  deps: CommandDeps,
  isManager: () => boolean | Promise<boolean>,
  assertDeliverable: () => void = () => {},
): Promise<boolean> {
  const { action, message, isAsker } = await findPressed(buttonId, interaction, deps, isManager)
  const { requestId } = message
  const work = async () => {
    sayRequest(message)
    if (action === 'cancel') {
      if (!(await cancelRequest(deps, requestId, isAsker ? 'asker' : 'manager')))
        throw new UserError('nothing_to_cancel')
    } else if (action === 'choose') {
      if (!(await chooseRecording(deps, requestId, choice ?? ''))) throw new UserError('nothing_to_choose')
    } else if (action === 'retry') {
      assertDeliverable()
      if (!(await retryRequest(deps, requestId))) throw new UserError('nothing_to_retry')
    } else throw new UserError('bad_usage')
    return true
  }
  const done = await inCommandSpan(action, interaction.platform, () => once(deps.db, interaction, work))
  return done ?? false
}

/**
 * The message whose button it is; for `wrong`, whose form is asked for, there is nothing more to do.
 * @throws UserError `no_such_request` or `not_yours`
 */
export async function findPressed(
  buttonId: string,
  { platform, app, channel, person }: Interaction,
  { db }: CommandDeps,
  isManager: () => boolean | Promise<boolean>,
): Promise<{ action: ButtonAction; message: Message; isAsker: boolean }> {
  const button = parseButtonId(buttonId)
  const message = button && (await findMessage(db, button.requestId))
  // A channel's id is no other workspace's.
  const isHere = message?.platform === platform && message.app === app && message.channel === channel
  if (!button || !isHere) throw new UserError('no_such_request')
  const isAsker = message.person === person
  if (!isAsker && !(await isManager())) throw new UserError('not_yours')
  return { action: button.action, message, isAsker }
}
