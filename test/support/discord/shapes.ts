// How users, guilds, channels and messages look in Discord's answers and events.
import type { Attachment } from './files.ts'
import type { Channel, Guild, Json, Message, User, World } from './world.ts'

export const userShape = (user: User): Json => ({
  id: user.id,
  username: user.name,
  avatar: null,
  discriminator: user.bot ? '0001' : '0',
  public_flags: 0,
  flags: 0,
  global_name: user.bot ? null : user.name,
  primary_guild: null,
  ...(user.bot ? { bot: true } : {}),
})

export const ownUserShape = (user: User): Json => {
  const { primary_guild: _, ...shape } = userShape(user)
  return { ...shape, mfa_enabled: false, locale: 'en-US', verified: true, email: null }
}

export const memberShape = (user: User): Json => ({
  user: userShape(user),
  nick: null,
  avatar: null,
  banner: null,
  roles: [],
  joined_at: '2025-01-01T00:00:00.000000+00:00',
  premium_since: null,
  pending: false,
  deaf: false,
  mute: false,
  flags: 0,
  communication_disabled_until: null,
  permissions: user.permissions.toString(),
})

export const applicationShape = (world: World): Json => ({
  id: world.applicationId,
  name: world.bot.name,
  icon: null,
  description: '',
  type: null,
  bot: userShape(world.bot),
  bot_public: true,
  bot_require_code_grant: false,
  verify_key: '0'.repeat(64),
  flags: 0,
  flags_new: '0',
  redirect_uris: [],
  interactions_endpoint_url: null,
  role_connections_verification_url: null,
  owner: userShape(world.bot),
  approximate_guild_count: world.guilds.size,
  approximate_user_install_count: 0,
  approximate_user_authorization_count: 0,
  explicit_content_filter: 0,
  team: null,
  eligible_oauth2_scopes: [],
})

const rolesOf = (guild: Guild): Json[] => [
  {
    id: guild.id,
    name: '@everyone',
    description: null,
    permissions: guild.permissions.toString(),
    position: 0,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: false,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  },
]

export const guildShape = (guild: Guild, world: World): Json => ({
  id: guild.id,
  name: guild.name,
  icon: null,
  description: null,
  home_header: null,
  splash: null,
  discovery_splash: null,
  features: [],
  banner: null,
  owner_id: world.bot.id,
  application_id: null,
  region: 'deprecated',
  afk_channel_id: null,
  afk_timeout: 300,
  system_channel_id: null,
  system_channel_flags: 0,
  widget_enabled: false,
  widget_channel_id: null,
  verification_level: 0,
  roles: rolesOf(guild),
  default_message_notifications: 0,
  mfa_level: 0,
  explicit_content_filter: 0,
  max_presences: null,
  max_members: 500_000,
  max_stage_video_channel_users: 50,
  max_video_channel_users: 25,
  vanity_url_code: null,
  premium_tier: guild.premiumTier,
  premium_subscription_count: 0,
  preferred_locale: 'en-US',
  rules_channel_id: null,
  safety_alerts_channel_id: null,
  public_updates_channel_id: null,
  premium_progress_bar_enabled: false,
  nsfw: false,
  nsfw_level: 0,
  emojis: [],
  stickers: [],
  incidents_data: null,
})

export const guildEvent = (guild: Guild, world: World): Json => ({
  ...guildShape(guild, world),
  joined_at: '2025-01-01T00:00:00.000000+00:00',
  large: false,
  unavailable: false,
  member_count: 2,
  voice_states: [],
  members: [memberShape(world.bot)],
  channels: guild.channels.filter((one) => !one.isThread).map((one) => channelShape(one, world)),
  threads: guild.channels
    .filter((one) => one.isThread && !one.archived)
    .map((one) => channelShape(one, world)),
  presences: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: [],
})

/** How the bot's rights in a channel differ from those in its guild. */
function overwritesOf({ guild, permissions }: Channel, world: World): Json[] {
  const everywhere = guild?.permissions ?? 0n
  if (permissions === everywhere) return []
  const allow = (permissions & ~everywhere).toString()
  const deny = (everywhere & ~permissions).toString()
  return [{ id: world.bot.id, type: 1, allow, deny }]
}

export function channelShape(channel: Channel, world: World): Json {
  const last_message_id = channel.messages.at(-1)?.id ?? null
  const shape = { id: channel.id, type: channel.type, flags: 0, last_message_id }
  if (channel.recipient) return { ...shape, recipients: [userShape(channel.recipient)] }
  const inGuild = { ...shape, guild_id: channel.guild?.id, name: channel.name, rate_limit_per_user: 0 }
  if (!channel.parent) {
    const permission_overwrites = overwritesOf(channel, world)
    return { ...inGuild, position: 0, parent_id: null, topic: null, nsfw: false, permission_overwrites }
  }
  return {
    ...inGuild,
    parent_id: channel.parent.id,
    owner_id: world.bot.id,
    message_count: channel.messages.length,
    member_count: 2,
    total_message_sent: channel.messages.length,
    thread_metadata: {
      archived: channel.archived,
      locked: channel.locked,
      archive_timestamp: '2025-01-01T00:00:00.000000+00:00',
      auto_archive_duration: 4320,
    },
  }
}

export const attachmentShape = (file: Attachment, ephemeral = false): Json => ({
  ...file,
  url: file.url,
  proxy_url: file.proxy_url,
  ...(ephemeral ? { ephemeral: true } : {}),
})

const timestamp = (ms: number) => new Date(ms).toISOString().replace('Z', '000+00:00')

/** @param withReferenced the answered message too, as far as it is still there */
export function messageShape(message: Message, world: World, withReferenced = true): Json {
  const answered = message.message_reference?.['message_id']
  const referenced = world.messages.get(String(answered))
  return {
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    content: message.content,
    author: userShape(message.author),
    mentions: message.mentions.map(userShape),
    mention_roles: [],
    mention_everyone: false,
    attachments: message.attachments.map((file) => attachmentShape(file, message.ephemeral)),
    embeds: withFreshLinks(message.embeds, message),
    components: withFreshLinks(message.components, message),
    timestamp: timestamp(message.atMs),
    edited_timestamp: message.editedAtMs === undefined ? null : timestamp(message.editedAtMs),
    flags: message.flags,
    pinned: false,
    tts: false,
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(message.message_reference ? { message_reference: message.message_reference } : {}),
    ...(answered && withReferenced
      ? { referenced_message: referenced ? messageShape(referenced, world, false) : null }
      : {}),
    ...(message.interaction_metadata
      ? { interaction_metadata: message.interaction_metadata, webhook_id: world.applicationId }
      : {}),
    ...(message.author === world.bot ? { application_id: world.applicationId } : {}),
  }
}

/** attachment://… in embeds and components becomes the file's link of the moment. */
function withFreshLinks(parts: Json[], message: Message): Json[] {
  return JSON.parse(JSON.stringify(parts), (_key, value) => {
    const [, name] = /^attachment:\/\/(.+)$/.exec(value?.url ?? '') ?? []
    const file = name && message.files.find((one) => one.filename === name)
    return file ? { ...value, url: file.url, proxy_url: file.proxy_url } : value
  })
}
