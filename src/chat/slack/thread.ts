// What was said in a channel or a thread, read back only where it is unknown whether we said it: Slack lets it be read rarely.
import { ChatError } from '../../errors.ts'
import type { Message } from '../../store/messages.ts'
import { isNotIn } from './meanings.ts'
import type { SlackWeb } from './web.ts'

/** What every post of ours carries, for us alone: anybody in the workspace can read it. */
export type Part = 'card' | 'mention'
export type Said = {
  ts: string
  files?: { id: string }[]
  metadata?: { event_type: string; event_payload: { request_id?: string; part?: string } }
}
type Page = { messages?: Said[]; response_metadata?: { next_cursor?: string } }

const EVENT_TYPE = 'stem_request'
const PAGE = 100
const MOST_PAGES = 10
/** Between Slack's clock and ours. */
const CLOCK_SKEW_SECONDS = 60

export function metadataOf({ requestId }: Message, part: Part): object {
  return { event_type: EVENT_TYPE, event_payload: { request_id: requestId, part } }
}

export function isOurs({ metadata }: Said, { requestId }: Message, part: Part): boolean {
  const { event_type, event_payload } = metadata ?? {}
  return event_type === EVENT_TYPE && event_payload?.request_id === requestId && event_payload.part === part
}

/** The channel since the request's card was begun. */
export function saidSince(web: SlackWeb, message: Message): Promise<Said[]> {
  const since = message.postBegunAt ?? message.createdAt
  const oldest = String(since.getTime() / 1000 - CLOCK_SKEW_SECONDS)
  return pagesOf(web, message, 'conversations.history', { oldest })
}

/** The replies to the request's card. */
export function threadOf(web: SlackWeb, message: Message): Promise<Said[]> {
  return pagesOf(web, message, 'conversations.replies', { ts: message.messageId })
}

/** Nothing where we are not: there we have said nothing. @throws ChatError also where it may not be read, as nobody knows then */
async function pagesOf(web: SlackWeb, message: Message, method: string, args: object): Promise<Said[]> {
  const said: Said[] = []
  let cursor: string | undefined
  try {
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await web.call<Page>(message, method, {
        channel: message.channel,
        limit: PAGE,
        include_all_metadata: true,
        ...args,
        ...(cursor ? { cursor } : {}),
      })
      said.push(...(answer.messages ?? []))
      cursor = answer.response_metadata?.next_cursor
      if (!cursor) break
    }
  } catch (error) {
    const isNowhere = isNotIn(error) || (error instanceof ChatError && error.code === 'chat_gone')
    if (!isNowhere) throw error
  }
  return said
}
