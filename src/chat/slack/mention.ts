// A mention without files, in the thread of the card, once.
import { ChatError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import type { Message } from '../../store/messages.ts'
import { findUpload, mentionBegins } from '../../store/slack-uploads.ts'
import { escapeMrkdwn, mentionOf } from './mrkdwn.ts'
import { isOurs, metadataOf, threadOf } from './thread.ts'
import { CALL_OVER_SECONDS, type SlackWeb } from './web.ts'

/** @throws ChatError `chat_waiting` while one that was given up may still take effect */
export async function mentionOnce(
  { web, db }: { web: SlackWeb; db: Database },
  message: Message,
  text: string,
): Promise<void> {
  const { requestId, messageId, channel, person } = message
  const { mentionBegunForMs: begunForMs } = await findUpload(db, requestId, messageId ?? '')
  if (begunForMs !== null) {
    const said = await threadOf(web, message)
    if (said.some((one) => isOurs(one, message, 'mention'))) return
    const doubtSeconds = CALL_OVER_SECONDS - begunForMs / 1000
    if (doubtSeconds > 0) throw new ChatError('chat_waiting', { retryAfterSeconds: doubtSeconds })
  }
  await mentionBegins(db, requestId, 'now')
  try {
    await web.call(message, 'chat.postMessage', {
      channel,
      thread_ts: messageId,
      text: `${mentionOf(person)} ${escapeMrkdwn(text)}`,
      metadata: metadataOf(message, 'mention'),
      unfurl_links: false,
      unfurl_media: false,
    })
  } catch (error) {
    if (error instanceof ChatError && error.code !== 'chat_unavailable')
      await mentionBegins(db, requestId, null)
    throw error
  }
}
