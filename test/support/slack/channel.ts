// Channels and the messages in them.
import type { SlackFile } from './files.ts'
import { newId } from './ids.ts'
import type { Json } from './rules.ts'
import type { Workspace, World } from './world.ts'

export type ChannelWish = {
  name?: string
  kind: 'public' | 'private' | 'im'
  archived?: boolean
  botIsMember?: boolean
  posting?: 'all' | 'restricted' | 'readOnly' | 'threadsOnly' | 'noThreads'
  /** Shared with another company; 'noFiles' when its admins refuse files there. */
  connect?: boolean | 'noFiles'
  /** Direct messages with the bot that are switched off. */
  messagesTab?: boolean
  between?: string[]
}

export class Channel {
  readonly id: string
  readonly name: string
  readonly kind: 'public' | 'private' | 'im'
  readonly workspace: Workspace
  archived: boolean
  botIsMember: boolean
  posting: NonNullable<ChannelWish['posting']>
  connect: boolean | 'noFiles'
  messagesTab: boolean
  /** Ids of those whose direct messages these are. */
  readonly between: string[] | undefined
  /** All that is there, oldest first: also replies and what only one person sees. */
  readonly messages: Message[] = []
  /** What somebody has deleted. */
  readonly removed: Message[] = []

  constructor(world: World, workspace: Workspace, wish: ChannelWish) {
    this.id = newId(wish.kind === 'im' ? 'D' : 'C')
    this.kind = wish.kind
    this.name = wish.name ?? (wish.kind === 'im' ? '' : `rehearsal-${this.id.slice(-4).toLowerCase()}`)
    this.workspace = workspace
    this.archived = wish.archived ?? false
    this.botIsMember = wish.botIsMember ?? true
    this.posting = wish.posting ?? 'all'
    this.connect = wish.connect ?? false
    this.messagesTab = wish.messagesTab ?? true
    this.between = wish.between
    world.channels.set(this.id, this)
  }

  /** A thread's first message, if it is still there, and the replies. */
  thread(ts: string): Message[] {
    return this.messages.filter((one) => one.ts === ts || one.threadTs === ts)
  }

  /** What the bot is told it is called. */
  get nameInPayloads(): string {
    return { public: this.name, private: 'privategroup', im: 'directmessage' }[this.kind]
  }
}

export type Edit = { atMs: number; text: string; blocks: Json[] }
export type Metadata = { event_type: string; event_payload: Json }

export class Message {
  readonly channel: Channel
  readonly ts: string
  /** The server's time. */
  readonly atMs: number
  /** Of a reply: the ts of the thread's first message. */
  threadTs: string | undefined
  /** Id of who wrote it, the bot's user included. */
  readonly user: string
  readonly botId: string | undefined
  text = ''
  blocks: Json[] = []
  files: SlackFile[] = []
  metadata: Metadata | undefined
  edits: Edit[] = []
  deleted = false
  /** Id of the only person who sees it. */
  ephemeralFor: string | undefined
  /** Ids of the people whom the original post mentions. */
  notified: string[] = []
  unfurlLinks: boolean | undefined
  unfurlMedia: boolean | undefined
  /** A reply that is shown in the channel too. */
  broadcast = false

  constructor(world: World, channel: Channel, author: { user: string; botId?: string | undefined }) {
    this.channel = channel
    this.ts = world.newTs()
    this.atMs = world.clock.now()
    this.user = author.user
    this.botId = author.botId
    channel.messages.push(this)
  }

  remove(): void {
    if (this.deleted) return
    this.deleted = true
    this.channel.removed.push(this)
    this.channel.messages.splice(this.channel.messages.indexOf(this), 1)
  }
}
