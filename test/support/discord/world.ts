// What exists on the server: people, guilds, channels, messages. Tests hold these objects and see them change.
import type { Clock } from './clock.ts'
import type { Attachment, FileStore, Upload } from './files.ts'
import type { Interaction } from './interaction.ts'
import { INVITED } from './permissions.ts'

export type Json = Record<string, unknown>

/** What everything on the server shares. */
export type World = {
  clock: Clock
  newId: () => string
  applicationId: string
  token: string
  bot: User
  users: Map<string, User>
  guilds: Map<string, Guild>
  channels: Map<string, Channel>
  messages: Map<string, Message>
  interactions: Map<string, Interaction>
  files: FileStore
  blocked: RegExp[]
  problems: string[]
  /** Tells the connected sessions; what an event needs to be seen is the gateway's business. */
  announce: (event: string, data: Json) => void
}

export class User {
  readonly id: string
  readonly name: string
  readonly bot: boolean
  /** In any guild. */
  permissions: bigint
  /** Whether the bot's direct messages are refused. */
  blocksDms = false

  constructor(id: string, name: string, more: { bot?: boolean; permissions?: bigint } = {}) {
    this.id = id
    this.name = name
    this.bot = more.bot ?? false
    this.permissions = more.permissions ?? INVITED
  }
}

export class Guild {
  readonly id: string
  readonly name: string
  /** Tier 2 takes 50 MiB a file, tier 3 takes 100. */
  premiumTier: 0 | 1 | 2 | 3
  /** What the bot's role grants where a channel says nothing else. */
  readonly permissions: bigint
  hasBot = true
  readonly channels: Channel[] = []
  readonly #world: World

  constructor(world: World, wish: { name?: string; premiumTier?: 0 | 1 | 2 | 3; permissions?: bigint }) {
    this.#world = world
    this.id = world.newId()
    this.name = wish.name ?? 'The band'
    this.premiumTier = wish.premiumTier ?? 0
    this.permissions = wish.permissions ?? INVITED
    world.guilds.set(this.id, this)
  }

  channel(wish: { name?: string; permissions?: bigint; type?: number } = {}): Channel {
    const { name = 'rehearsal', permissions = this.permissions, type = 0 } = wish
    const channel = new Channel(this.#world, { guild: this, name, permissions, type })
    this.channels.push(channel)
    this.#world.announce('CHANNEL_CREATE', { guild: this, channel })
    return channel
  }

  thread(parent: Channel, wish: { name?: string; archived?: boolean; locked?: boolean } = {}): Channel {
    const { name = 'a thread', archived = false, locked = false } = wish
    const thread = new Channel(this.#world, { guild: this, name, parent, type: 11 })
    thread.archived = archived
    thread.locked = locked
    this.channels.push(thread)
    this.#world.announce('THREAD_CREATE', { guild: this, channel: thread })
    return thread
  }

  removeBot(): void {
    this.hasBot = false
    this.#world.announce('GUILD_DELETE', { guild: this })
  }
}

export class Channel {
  readonly id: string
  /** 0 text, 1 direct messages, 11 thread */
  readonly type: number
  readonly name: string
  readonly guild: Guild | undefined
  readonly parent: Channel | undefined
  /** Whose direct messages these are. */
  readonly recipient: User | undefined
  /** What the bot may do here; a thread asks its parent. */
  permissions: bigint
  archived = false
  locked = false
  /** What everybody in the channel sees, oldest first. */
  readonly messages: Message[] = []
  /** What only one person sees. */
  readonly ephemeral: Message[] = []
  /** What somebody has deleted. */
  readonly removed: Message[] = []
  readonly #world: World

  constructor(
    world: World,
    wish: {
      type: number
      name?: string
      guild?: Guild
      parent?: Channel
      recipient?: User
      permissions?: bigint
    },
  ) {
    this.#world = world
    this.id = world.newId()
    this.type = wish.type
    this.name = wish.name ?? ''
    this.guild = wish.guild
    this.parent = wish.parent
    this.recipient = wish.recipient
    this.permissions = wish.permissions ?? INVITED
    world.channels.set(this.id, this)
  }

  get isThread(): boolean {
    return this.parent !== undefined
  }

  /** A person's message. */
  post(author: User, content: string, files: Upload[] = []): Message {
    const message = new Message(this.#world, this, author)
    message.content = content
    for (const file of files) message.files.push(this.#world.files.add(this.id, file))
    this.messages.push(message)
    return message
  }

  /** A person deletes a message. */
  delete(message: Message): void {
    message.remove()
  }
}

/** One change of a message, as it came in. */
export type Edit = {
  atMs: number
  route: 'token' | 'bot'
  body: Json
  files: { name: string; size: number }[]
}

export class Message {
  readonly id: string
  readonly channel: Channel
  readonly channelId: string
  readonly author: User
  /** The server's time. */
  readonly atMs: number
  type = 0
  content = ''
  embeds: Json[] = []
  components: Json[] = []
  flags = 0
  nonce: string | number | undefined
  editedAtMs: number | undefined
  /** All its files, also those an embed or a component shows. */
  files: Attachment[] = []
  /** Those of `files` that an embed or a component shows. */
  shown = new Set<Attachment>()
  edits: Edit[] = []
  deleted = false
  allowed_mentions: Json | undefined
  message_reference: Json | undefined
  interaction_metadata: Json | undefined
  /** People named in it whose mention counted, and the ids of those it pinged. */
  mentions: User[] = []
  mentionsNotified: string[] = []
  /** The only person who sees it. */
  onlyFor: User | undefined
  readonly #world: World

  constructor(world: World, channel: Channel, author: User) {
    this.#world = world
    this.id = world.newId()
    this.channel = channel
    this.channelId = channel.id
    this.author = author
    this.atMs = world.clock.now()
    world.messages.set(this.id, this)
  }

  get attachments(): Attachment[] {
    return this.files.filter((file) => !this.shown.has(file))
  }

  get ephemeral(): boolean {
    return this.onlyFor !== undefined
  }

  remove(): void {
    if (this.deleted) return
    this.deleted = true
    this.channel.removed.push(this)
    this.#world.messages.delete(this.id)
    for (const list of [this.channel.messages, this.channel.ephemeral]) {
      const at = list.indexOf(this)
      if (at >= 0) list.splice(at, 1)
    }
  }
}
