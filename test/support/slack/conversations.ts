// conversations.*: what a channel is, who is in it, and what was written there.
import { flag, isGiven } from './body.ts'
import { invalid, refusal } from './errors.ts'
import { microseconds } from './ids.ts'
import type { Call, Handler } from './methods.ts'
import { channelShape, messageShape, tombstoneShape } from './shapes.ts'
import { channelFor } from './tokens.ts'
import type { Channel, Json, Message, World } from './world.ts'

const MOST_AT_ONCE = 999

export function createConversations(world: World) {
  /** Reading needs the bot in the channel, unlike posting. */
  const readable = ({ grant, args }: Call): Channel => {
    const channel = channelFor(world, grant, args['channel'], 'history')
    if (!channel.botIsMember) throw refusal('not_in_channel')
    return channel
  }
  const seen = (message: Message) => !message.ephemeralFor
  const isTop = (message: Message) => !message.threadTs || message.broadcast
  const repliesTo = (channel: Channel, ts: string) =>
    channel.messages.filter((one) => one.threadTs === ts && seen(one))

  const history: Handler = (call) => {
    const { args } = call
    const channel = readable(call)
    const shown = [
      ...channel.messages.filter((one) => seen(one) && isTop(one)),
      ...channel.removed.filter((one) => seen(one) && isTop(one) && repliesTo(channel, one.ts).length > 0),
    ]
    const newestFirst = within(shown, args).sort((a, b) => (microseconds(a.ts) < microseconds(b.ts) ? 1 : -1))
    const { page, rest } = pageOf(newestFirst, args, 100)
    return { messages: page.map((one) => shape(channel, one, args)), ...rest, pin_count: 0 }
  }

  const replies: Handler = (call) => {
    const { args } = call
    const channel = readable(call)
    const asked = [...channel.messages, ...channel.removed].find((one) => one.ts === args['ts'] && seen(one))
    const ts = asked?.threadTs ?? asked?.ts ?? ''
    const found = repliesTo(channel, ts)
    const first = [...channel.messages, ...channel.removed].find((one) => one.ts === ts)
    if (!first || (asked?.deleted && found.length === 0)) throw refusal('thread_not_found')
    const { page, rest } = pageOf(within(found, args), args, MOST_AT_ONCE)
    // Every page begins with the thread's first message.
    return { messages: [first, ...page].map((one) => shape(channel, one, args)), ...rest }
  }

  const shape = (channel: Channel, message: Message, args: Json): Json =>
    message.deleted
      ? tombstoneShape(message, repliesTo(channel, message.ts))
      : messageShape(world, message, flag(args['include_all_metadata']))

  const join: Handler = ({ grant, args }) => {
    const channel = channelFor(world, grant, args['channel'])
    if (channel.kind !== 'public') throw refusal('method_not_supported_for_channel_type')
    if (channel.archived) throw refusal('is_archived')
    const warning = channel.botIsMember ? { warning: 'already_in_channel' } : {}
    channel.botIsMember = true
    return { channel: channelShape(channel), ...warning }
  }

  const open: Handler = ({ grant, args }) => {
    const [id, ...others] = String(args['users'] ?? '').split(',')
    if (!id) throw refusal('users_list_not_supplied')
    if (others.length > 0) throw refusal('method_not_supported_for_channel_type')
    const user = world.users.get(id)
    if (!user?.workspace || !grant.reaches(user.workspace)) throw refusal('user_not_found')
    return { channel: { id: user.workspace.dm(user).id } }
  }

  const members: Handler = ({ grant, args }) => {
    const channel = channelFor(world, grant, args['channel'], 'read')
    const people = channel.between ?? [
      ...channel.workspace.people.map(({ id }) => id),
      ...(channel.botIsMember ? [grant.botUser.id] : []),
    ]
    const { page, rest } = pageOf(people, args, 100)
    return { members: page, ...rest }
  }

  return {
    'conversations.history': history,
    'conversations.replies': replies,
    'conversations.join': join,
    'conversations.open': open,
    'conversations.members': members,
    'conversations.info': (({ grant, args }) => ({
      channel: channelShape(channelFor(world, grant, args['channel'], 'read')),
    })) satisfies Handler,
  }
}

/** Those between oldest and latest. */
function within(messages: Message[], args: Json): Message[] {
  const bound = (name: 'oldest' | 'latest') => {
    if (!isGiven(args[name])) return undefined
    if (!/^\d+(\.\d*)?$/.test(String(args[name]))) throw refusal(`invalid_ts_${name}`)
    return microseconds(String(args[name]))
  }
  const [oldest, latest, inclusive] = [bound('oldest'), bound('latest'), flag(args['inclusive'])]
  return messages.filter(({ ts }) => {
    const at = microseconds(ts)
    if (inclusive && (at === oldest || at === latest)) return true
    return (oldest === undefined || at > oldest) && (latest === undefined || at < latest)
  })
}

function pageOf<T>(all: T[], args: Json, usual: number) {
  const limit = isGiven(args['limit']) ? Number(args['limit']) : usual
  if (!Number.isInteger(limit) || limit < 1)
    throw invalid('invalid_arguments', [`invalid limit [json-pointer:/limit]`])
  const count = Math.min(limit, MOST_AT_ONCE)
  const cursor = isGiven(args['cursor']) ? String(args['cursor']) : ''
  const [, skipped] = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? []
  if (cursor && skipped === undefined) throw refusal('invalid_cursor')
  const start = Number(skipped ?? 0)
  const hasMore = start + count < all.length
  const next = hasMore ? Buffer.from(`next:${start + count}`).toString('base64') : ''
  return {
    page: all.slice(start, start + count),
    rest: { has_more: hasMore, response_metadata: { next_cursor: next } },
  }
}
