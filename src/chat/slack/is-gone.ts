// Whether a person has deleted a message, asked in the one way that Slack does not count.
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import type { CallOptions, SlackWeb } from './web.ts'

/** False also when Slack does not say: what follows is told then. */
export async function isGone(web: SlackWeb, message: Message, options: CallOptions = {}): Promise<boolean> {
  try {
    const about = { channel: message.channel, message_ts: message.messageId }
    await web.call(message, 'chat.getPermalink', about, options)
    return false
  } catch (error) {
    return error instanceof ChatError && error.code === 'chat_gone'
  }
}
