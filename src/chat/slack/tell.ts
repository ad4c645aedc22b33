// Words for one person alone.
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import { escapeMrkdwn } from './mrkdwn.ts'
import { respond } from './respond.ts'
import type { SlackWeb } from './web.ts'

/** Who is told, where they are, and by what address they may be reached there. */
export type Told = Pick<
  Message,
  'installation' | 'workspace' | 'channel' | 'person' | 'token' | 'tokenExpiresAt'
>

/** By the command's own address, which reaches where the bot is not; else in the channel, else directly. @returns whether it got there */
export async function tellPrivately(web: SlackWeb, told: Told, words: string): Promise<boolean> {
  return sayPrivately(web, told, escapeMrkdwn(words))
}

/** @param text as Slack reads it */
export async function sayPrivately(web: SlackWeb, told: Told, text: string): Promise<boolean> {
  const { token, tokenExpiresAt, channel, person } = told
  const isLive = token !== null && tokenExpiresAt !== null && tokenExpiresAt.getTime() > Date.now()
  const ways = [
    ...(isLive ? [() => respond(token, text)] : []),
    () => web.call(told, 'chat.postEphemeral', { channel, user: person, text }),
    () => web.call(told, 'chat.postMessage', { channel: person, text }),
  ]
  for (const way of ways) {
    try {
      await way()
      return true
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      // Said once more, it might be said twice.
      if (error.code === 'chat_unavailable') return true
    }
  }
  return false
}
