// The address that comes with a command or a press: takes five answers within half an hour, also where the bot is no member.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
import { ChatError } from '../../errors.ts'

const TIMEOUT_SECONDS = 5

/** Nobody was reached. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

/** Says something to the person alone. @throws ChatError `chat_expired` when that was no use, `chat_unavailable` when it is unknown */
export async function respond(responseUrl: string, text: string): Promise<void> {
  let status: number
  try {
    const answer = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
    })
    await answer.body?.cancel()
    status = answer.status
  } catch (error) {
    // The address is a secret.
    const reason = error instanceof Error ? error.message : String(error)
    const { code = '' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    throw new ChatError(NOT_SENT.has(code) ? 'chat_expired' : 'chat_unavailable', {
      cause: new Error(reason.replaceAll(responseUrl, '…')),
    })
  }
  if (status < 200 || status > 299)
    throw new ChatError(status < 500 ? 'chat_expired' : 'chat_unavailable', {
      cause: new Error(`Slack answered ${status}`),
    })
}
