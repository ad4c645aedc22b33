// Slack's requests, told apart by Bolt and handed to whoever answers them.
import { App, type Receiver } from '@slack/bolt'
import type { InstallationKey } from '../../../store/slack-installations.ts'
import type { Acknowledge } from './answer.ts'
import { answerButton } from './answer-button.ts'
import { answerCommand } from './answer-command.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { answerShortcut } from './answer-shortcut.ts'
import { boltLogger } from './bolt-logger.ts'
import { answerForm } from './form.ts'
import { whenRemoved, whoRemoved } from './removed.ts'

/**
 * @param onRemoved hears who has removed the app
 * @returns waits for what is being answered
 */
export function listen(
  receiver: Receiver,
  deps: AnswerDeps,
  onRemoved: (key: InstallationKey, at: Date) => Promise<void>,
): { settled(): Promise<void> } {
  const { log } = deps
  const underWay = new Set<Promise<void>>()
  const answering = async (answer: Promise<void>) => {
    underWay.add(answer)
    await answer.finally(() => underWay.delete(answer))
  }
  const app = new App({
    receiver,
    // Bolt's own client is not used: it would repeat posts. Tokens are looked up where they are needed.
    authorize: async () => ({}),
    ignoreSelf: false,
    convoStore: false,
    logger: boltLogger(log),
  })
  app.command(/.*/, ({ body, ack }) => {
    const say: Acknowledge = (said) =>
      said && 'text' in said ? ack({ response_type: 'ephemeral', text: said.text }) : ack()
    return answering(answerCommand(body, say, deps))
  })
  app.action({ type: 'block_actions' }, ({ body, action, ack }) =>
    answering(answerButton(body, action, () => ack(), deps)),
  )
  app.shortcut({ type: 'message_action' }, ({ body, ack }) =>
    answering(answerShortcut(body, () => ack(), deps)),
  )
  app.view({ type: 'view_submission', callback_id: /.*/ }, ({ body, ack }) => {
    const close: Acknowledge = (said) =>
      said && 'errors' in said ? ack({ response_action: 'errors', errors: said.errors }) : ack()
    return answering(answerForm(body, close, deps))
  })
  for (const event of ['app_uninstalled', 'tokens_revoked'] as const)
    app.event(event, async ({ body }) => {
      const key = whoRemoved(body)
      if (key) await onRemoved(key, whenRemoved(body))
    })
  app.error(async (error) => log.error({ err: error }, 'a request of Slack could not be answered'))
  return {
    async settled() {
      await Promise.allSettled(underWay)
    },
  }
}
