// chat.*: posting, editing and deleting, with what real Slack refuses.
import { messageBlocks } from './blocks.ts'
import { flag, isGiven } from './body.ts'
import { invalid, refusal } from './errors.ts'
import { isTimestamp } from './ids.ts'
import { mentioned } from './mentions.ts'
import type { Call, Handler } from './methods.ts'
import type { RateLimits } from './rate-limits.ts'
import { isObject } from './rules.ts'
import { messageShape } from './shapes.ts'
import { channelFor } from './tokens.ts'
import { type Channel, type Json, Message, type Metadata, type World } from './world.ts'

const LONGEST_POST = 40_000
const LONGEST_EDIT = 4000
const LARGEST_METADATA = 4096

export function createChat(world: World, limits: RateLimits) {
  /** Where the bot may write. `userId` instead of a channel is a direct message. */
  const placeFor = ({ grant, args }: Call): Channel => {
    const user = world.users.get(String(args['channel']))
    const id = user?.workspace && grant.reaches(user.workspace) ? user.workspace.dm(user).id : args['channel']
    const channel = channelFor(world, grant, id)
    if (channel.archived) throw refusal('is_archived')
    if (!channel.botIsMember && !grant.scopes.includes('chat:write.public')) throw refusal('not_in_channel')
    if (channel.kind === 'im' && !channel.messagesTab) throw refusal('messages_tab_disabled')
    return channel
  }
  const mayWrite = (channel: Channel, isReply: boolean) => {
    const { posting } = channel
    if (posting === 'restricted') throw refusal('restricted_action')
    if (posting === 'readOnly') throw refusal('restricted_action_read_only_channel')
    if (posting === 'threadsOnly' && !isReply) throw refusal('restricted_action_thread_only_channel')
    if (posting === 'noThreads' && isReply) throw refusal('restricted_action_non_threadable_channel')
  }
  const contentOf = (args: Json, channel: Channel) => {
    let text = isGiven(args['text']) ? String(args['text']) : ''
    const blocks = isGiven(args['blocks'])
      ? messageBlocks(args['blocks'], channel.workspace.takesPlans)
      : undefined
    if (!text && !blocks?.length) throw refusal('no_text')
    if (text.length > LONGEST_POST) {
      world.problems.push(`a text of ${text.length} characters is cut at ${LONGEST_POST}`)
      text = text.slice(0, LONGEST_POST)
    }
    return { text, blocks }
  }

  /** @returns the ts of the thread's first message; nothing when that was deleted: Slack then posts to the channel */
  const threadOf = (channel: Channel, value: unknown): string | undefined => {
    if (!isGiven(value)) return undefined
    const ts = threadTimestamp(value)
    const found = [...channel.messages, ...channel.removed].find((one) => one.ts === ts)
    if (!found || found.ephemeralFor) throw refusal('thread_not_found')
    if (found.threadTs) {
      world.problems.push(`thread_ts ${ts} is a reply's, not the first message's`)
      return found.threadTs
    }
    return found.deleted && channel.thread(ts).length === 0 ? undefined : ts
  }

  const post: Handler = (call) => {
    const { grant, args, request } = call
    const channel = placeFor(call)
    const threadTs = threadOf(channel, args['thread_ts'])
    mayWrite(channel, threadTs !== undefined)
    const { text, blocks } = contentOf(args, channel)
    const metadata = metadataOf(args['metadata'])
    limits.countPost(request, channel.id)
    const message = new Message(world, channel, { user: grant.botUser.id, botId: grant.botId })
    Object.assign(message, { text, threadTs, metadata, blocks: blocks ?? [] })
    if (args['unfurl_links'] !== undefined) message.unfurlLinks = flag(args['unfurl_links'])
    if (args['unfurl_media'] !== undefined) message.unfurlMedia = flag(args['unfurl_media'])
    message.broadcast = threadTs !== undefined && flag(args['reply_broadcast'])
    message.notified = mentioned(world, message)
    return { channel: channel.id, ts: message.ts, message: messageShape(world, message, true) }
  }

  const postEphemeral: Handler = (call) => {
    const { grant, args } = call
    const channel = placeFor(call)
    const user = world.users.get(String(args['user']))
    const isThere = user?.workspace === channel.workspace && (channel.between?.includes(user.id) ?? true)
    if (!user || !isThere) throw refusal('user_not_in_channel')
    const threadTs = threadOf(channel, args['thread_ts'])
    mayWrite(channel, threadTs !== undefined)
    if (String(args['text'] ?? '').length > LONGEST_POST) throw refusal('msg_too_long')
    const { text, blocks } = contentOf(args, channel)
    const message = new Message(world, channel, { user: grant.botUser.id, botId: grant.botId })
    Object.assign(message, { text, threadTs, blocks: blocks ?? [], ephemeralFor: user.id })
    return { message_ts: message.ts }
  }

  /** A message of the bot's own. */
  const ownMessage = (call: Call, channel: Channel, otherwise: string): Message => {
    const found = channel.messages.find((one) => one.ts === String(call.args['ts']))
    if (!found || found.ephemeralFor) throw refusal('message_not_found')
    if (found.user !== call.grant.botUser.id) throw refusal(otherwise)
    return found
  }

  const update: Handler = (call) => {
    const { grant, args } = call
    const channel = channelFor(world, grant, args['channel'])
    const message = ownMessage(call, channel, 'cant_update_message')
    if (channel.archived) throw refusal('is_inactive')
    if (String(args['text'] ?? '').length > LONGEST_EDIT) throw refusal('msg_too_long')
    const hasBlocks = args['blocks'] !== undefined && args['blocks'] !== ''
    const blocks = hasBlocks ? messageBlocks(args['blocks'], channel.workspace.takesPlans) : undefined
    if (!isGiven(args['text']) && !blocks?.length) throw refusal('no_text')
    if (blocks === undefined && message.blocks.length > 0)
      world.problems.push(`chat.update of ${message.ts} with text alone leaves its blocks as they were`)
    const metadata = metadataOf(args['metadata'])
    if (metadata || isEmpty(args['metadata'])) message.metadata = metadata
    if (isGiven(args['text'])) message.text = String(args['text'])
    if (blocks) message.blocks = blocks
    message.edits.push({ atMs: world.clock.now(), text: message.text, blocks: message.blocks })
    const { text } = message
    return { channel: channel.id, ts: message.ts, text, message: messageShape(world, message, true) }
  }

  const remove: Handler = (call) => {
    const channel = channelFor(world, call.grant, call.args['channel'])
    const message = ownMessage(call, channel, 'cant_delete_message')
    message.remove()
    return { channel: channel.id, ts: message.ts }
  }

  const permalink: Handler = ({ grant, args }) => {
    const channel = channelFor(world, grant, args['channel'])
    const found = channel.messages.find((one) => one.ts === args['message_ts'] && !one.ephemeralFor)
    if (!found) throw refusal('message_not_found')
    const thread = found.threadTs ? `?thread_ts=${found.threadTs}&cid=${channel.id}` : ''
    const path = `/archives/${channel.id}/p${found.ts.replace('.', '')}${thread}`
    return { channel: channel.id, permalink: `${world.origin()}${path}` }
  }

  return {
    'chat.postMessage': post,
    'chat.postEphemeral': postEphemeral,
    'chat.update': update,
    'chat.delete': remove,
    'chat.getPermalink': permalink,
  }
}

/** @throws invalid_thread_ts */
export function threadTimestamp(value: unknown): string {
  const ts = String(value)
  if (!isTimestamp(ts)) throw invalid('invalid_thread_ts', [`${ts} is not a valid thread_ts`])
  return ts
}

const isEmpty = (value: unknown) => isObject(value) && Object.keys(value).length === 0

/** @throws invalid_metadata_format, metadata_too_large */
function metadataOf(value: unknown): Metadata | undefined {
  if (!isGiven(value) || isEmpty(value)) return undefined
  if (!isObject(value)) throw refusal('invalid_metadata_format')
  const { event_type, event_payload, ...others } = value
  const fits = typeof event_type === 'string' && event_type !== '' && isObject(event_payload)
  if (!fits || Object.keys(others).some((key) => key !== 'entities')) throw refusal('invalid_metadata_format')
  if (JSON.stringify(value).length > LARGEST_METADATA) throw refusal('metadata_too_large')
  return { event_type, event_payload }
}
