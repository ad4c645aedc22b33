// What exists on the server: organisations and workspaces here, channels and messages in channel.ts. Tests hold these
// objects and see them change.
import type { Clock } from '../discord/clock.ts'
import { Channel, type ChannelWish } from './channel.ts'
import type { FileStore } from './files.ts'
import { Grant, SCOPES } from './grant.ts'
import { newId } from './ids.ts'
import { User } from './user.ts'

export { Channel, type Edit, Message, type Metadata } from './channel.ts'
export type { Json } from './rules.ts'
export type { User } from './user.ts'

/** What everything on the server shares. */
export type World = {
  clock: Clock
  origin: () => string
  newTs: () => string
  appId: string
  appToken: string
  signingSecret: string
  /** The old way to know Slack, still in every payload. */
  verificationToken: string
  clientId: string
  clientSecret: string
  botName: string
  grants: Map<string, Grant>
  enterprises: Map<string, Enterprise>
  workspaces: Map<string, Workspace>
  users: Map<string, User>
  channels: Map<string, Channel>
  files: FileStore
  problems: string[]
}

/** An organisation of Enterprise Grid. */
export class Enterprise {
  readonly id = newId('E')
  readonly name: string
  readonly domain: string
  readonly workspaces: Workspace[] = []
  /** Of an installation for the whole organisation. */
  grant: Grant | undefined

  constructor(world: World, wish: { name?: string; installed?: boolean; scopes?: string[] } = {}) {
    this.name = wish.name ?? 'The label'
    this.domain = this.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
    world.enterprises.set(this.id, this)
    if (wish.installed ?? true)
      this.grant = new Grant(world, { enterprise: this, scopes: wish.scopes ?? SCOPES })
  }

  get token(): string {
    if (!this.grant) throw new Error('the app is not installed in this organisation')
    return this.grant.token
  }
}

export type WorkspaceWish = {
  name?: string
  domain?: string
  enterprise?: Enterprise
  installed?: boolean
  scopes?: string[]
  takesPlans?: boolean
  freeStorageBytes?: number
  uploads?: 'all' | 'none' | 'images'
  refusedTypes?: string[]
  maxFileBytes?: number
}

export class Workspace {
  readonly id = newId('T')
  readonly name: string
  readonly domain: string
  readonly enterprise: Enterprise | undefined
  /** Whether plan and task_card blocks are known here. */
  takesPlans: boolean
  /** How many bytes of files fit; no end, when left out. */
  freeStorageBytes: number
  uploads: 'all' | 'none' | 'images'
  /** Without a dot: 'mp3' */
  refusedTypes: string[]
  maxFileBytes: number
  readonly channels: Channel[] = []
  /** Of an installation in this workspace alone. */
  ownGrant: Grant | undefined
  readonly #world: World

  constructor(world: World, wish: WorkspaceWish = {}) {
    this.#world = world
    this.name = wish.name ?? 'The band'
    this.domain = wish.domain ?? `band-${this.id.slice(-5).toLowerCase()}`
    this.enterprise = wish.enterprise
    this.takesPlans = wish.takesPlans ?? false
    this.freeStorageBytes = wish.freeStorageBytes ?? Number.POSITIVE_INFINITY
    this.uploads = wish.uploads ?? 'all'
    this.refusedTypes = wish.refusedTypes ?? []
    this.maxFileBytes = wish.maxFileBytes ?? 1024 ** 3
    this.enterprise?.workspaces.push(this)
    world.workspaces.set(this.id, this)
    if ((wish.installed ?? true) && !this.grant)
      this.ownGrant = new Grant(world, { workspace: this, scopes: wish.scopes ?? SCOPES })
  }

  /** The installation that counts here: this workspace's own, or its organisation's. */
  get grant(): Grant | undefined {
    return this.ownGrant ?? this.enterprise?.grant
  }

  get #installed(): Grant {
    if (!this.grant) throw new Error('the app is not installed in this workspace')
    return this.grant
  }

  get token(): string {
    return this.#installed.token
  }

  get botUserId(): string {
    return this.#installed.botUser.id
  }

  get botId(): string {
    return this.#installed.botId
  }

  user(wish: { name?: string; admin?: boolean } = {}): User {
    return new User(this.#world, { workspace: this, ...wish })
  }

  channel(wish: Omit<ChannelWish, 'kind' | 'between'> & { private?: boolean } = {}): Channel {
    const channel = new Channel(this.#world, this, { ...wish, kind: wish.private ? 'private' : 'public' })
    this.channels.push(channel)
    return channel
  }

  /** The direct messages of a person with the bot, or with another person. */
  dm(user: User, other?: User): Channel {
    const between = [user.id, other?.id ?? this.botUserId]
    const found = this.channels.find(
      (one) => one.kind === 'im' && between.every((id) => one.between?.includes(id)),
    )
    if (found) return found
    const channel = new Channel(this.#world, this, { kind: 'im', between, botIsMember: other === undefined })
    this.channels.push(channel)
    return channel
  }

  /** People, not the bot. */
  get people(): User[] {
    return [...this.#world.users.values()].filter((one) => one.workspace === this && !one.isBot)
  }
}
