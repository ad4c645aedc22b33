// What things look like in answers and payloads.
import { basename } from 'node:path'
import type { SlackFile } from './files.ts'
import type { Grant } from './grant.ts'
import type { Channel, Json, Message, User, World } from './world.ts'

const seconds = (ms: number) => Math.floor(ms / 1000)

export function fileShape(world: World, file: SlackFile): Json {
  if (file.state === 'deleted') return { id: file.id, mode: 'tombstone' }
  const { id, name, title, mimetype, filetype, size, user, path } = file
  const link = (folder: string) => `${world.origin()}${path}${folder}/${encodeURIComponent(basename(name))}`
  const among = (kind: Channel['kind']) => [
    ...new Set(file.shares.filter(({ channel }) => channel.kind === kind).map(({ channel }) => channel.id)),
  ]
  const shares: Record<string, Record<string, Json[]>> = {}
  for (const { channel, ts, threadTs } of file.shares) {
    const group = channel.kind === 'public' ? 'public' : 'private'
    const place = shares[group] ?? {}
    const share = {
      ts,
      ...(threadTs ? { thread_ts: threadTs } : {}),
      channel_name: channel.name,
      team_id: channel.workspace.id,
      share_user_id: user,
      reply_users: [],
      reply_users_count: 0,
      reply_count: 0,
    }
    shares[group] = { ...place, [channel.id]: [...(place[channel.id] ?? []), share] }
  }
  return {
    id,
    created: seconds(file.createdMs),
    timestamp: seconds(file.createdMs),
    name,
    title,
    mimetype,
    filetype,
    pretty_type: filetype.toUpperCase(),
    user,
    user_team: file.workspace.id,
    editable: false,
    size,
    mode: 'hosted',
    is_external: false,
    external_type: '',
    is_public: file.shares.some(({ channel }) => channel.kind === 'public'),
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    file_access: 'visible',
    url_private: link(''),
    url_private_download: link('/download'),
    permalink: `${world.origin()}/files/${user}/${id}/${encodeURIComponent(name)}`,
    channels: among('public'),
    groups: among('private'),
    ims: among('im'),
    shares,
    has_rich_preview: false,
  }
}

/** As right after completeUploadExternal: not looked into, not shared. */
export const freshFileShape = (world: World, file: SlackFile): Json => ({
  ...fileShape(world, file),
  mimetype: '',
  filetype: '',
  pretty_type: '',
  channels: [],
  groups: [],
  ims: [],
  shares: {},
})

const botProfile = (world: World, message: Message): Json => ({
  id: message.botId,
  app_id: world.appId,
  user_id: message.user,
  name: world.botName,
  deleted: false,
  team_id: message.channel.workspace.id,
})

export function messageShape(world: World, message: Message, withMetadata = false): Json {
  const { channel, ts, threadTs, user, botId, text, blocks, files, metadata, edits } = message
  const replies = threadTs ? [] : channel.messages.filter((one) => one.threadTs === ts && !one.ephemeralFor)
  const last = edits.at(-1)
  return {
    type: 'message',
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    user,
    ts,
    ...(botId ? { bot_id: botId, app_id: world.appId, bot_profile: botProfile(world, message) } : {}),
    text,
    team: channel.workspace.id,
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(files.length > 0 ? { files: files.map((file) => fileShape(world, file)), upload: false } : {}),
    ...(last ? { edited: { user, ts: `${seconds(last.atMs)}.000000` } } : {}),
    ...(threadTs ? { thread_ts: threadTs } : {}),
    ...(replies.length > 0
      ? {
          thread_ts: ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((one) => one.user))],
          reply_users_count: new Set(replies.map((one) => one.user)).size,
          latest_reply: replies.at(-1)?.ts,
          is_locked: false,
          subscribed: false,
        }
      : {}),
    ...(metadata && withMetadata ? { metadata } : {}),
  }
}

/** What stands in for a first message that was deleted while its thread goes on. */
export const tombstoneShape = (message: Message, replies: Message[]): Json => ({
  type: 'message',
  subtype: 'tombstone',
  user: 'USLACKBOT',
  text: 'This message was deleted.',
  hidden: true,
  ts: message.ts,
  thread_ts: message.ts,
  reply_count: replies.length,
  latest_reply: replies.at(-1)?.ts,
})

export function channelShape(channel: Channel): Json {
  const { id, name, kind, workspace, archived } = channel
  if (kind === 'im')
    return {
      id,
      is_im: true,
      is_org_shared: false,
      user: channel.between?.[0],
      is_archived: archived,
      created: 1,
    }
  return {
    id,
    name,
    name_normalized: name,
    is_channel: kind === 'public',
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: kind === 'private',
    is_archived: archived,
    is_general: false,
    is_member: channel.botIsMember,
    is_shared: Boolean(channel.connect),
    is_ext_shared: Boolean(channel.connect),
    is_org_shared: false,
    context_team_id: workspace.id,
    created: 1,
    creator: 'USLACKBOT',
  }
}

export function userShape(user: User, teamId: string): Json {
  const { id, name, isAdmin, isBot } = user
  return {
    id,
    team_id: teamId,
    name,
    real_name: name,
    deleted: false,
    is_admin: isAdmin,
    is_owner: isAdmin,
    is_primary_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_bot: isBot,
    is_app_user: false,
    tz: 'Europe/Vienna',
    profile: { real_name: name, display_name: name, team: teamId },
  }
}

export const botShape = (world: World, grant: Grant): Json => ({
  id: grant.botId,
  deleted: grant.dead !== undefined,
  name: world.botName,
  updated: 1,
  app_id: world.appId,
  user_id: grant.botUser.id,
  icons: {},
})
