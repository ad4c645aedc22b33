// One thing a person did that the app is told of: its payload, what the app answered, and what the person saw.
import { randomBytes } from 'node:crypto'
import { newDigits } from './ids.ts'
import type { Json } from './rules.ts'
import type { View } from './views.ts'
import type { Channel, Message, User, Workspace, World } from './world.ts'

const TRIGGER_LIFE_MS = 3000
const URL_LIFE_MS = 30 * 60_000

/** What the app acknowledged with. */
export type Answer = {
  /** Of HTTP; 200 for a socket; 0 when nothing came in time. */
  status: number
  ackedAfterMs: number
  /** The JSON of it; undefined when it was empty or plain text. */
  body: unknown
  /** As it came over HTTP; of a socket, the payload's JSON. */
  text: string
  /** What the person is told instead. */
  error?: 'operation_timeout' | 'dispatch_failed'
}

/** Something only this person has seen. */
export type Told = {
  text: string
  blocks: Json[]
  replaceOriginal: boolean
  via: 'ack' | 'response_url' | 'slack'
  threadTs: string | undefined
}

export type Kind = 'command' | 'block_actions' | 'message_action' | 'view_submission' | 'event'

export class Interaction {
  readonly kind: Kind
  readonly workspace: Workspace
  readonly user: User | undefined
  readonly channel: Channel | undefined
  /** The message whose button was pressed, or whose shortcut was used. */
  readonly source: Message | undefined
  readonly triggerId = `${newDigits(13)}.${newDigits(13)}.${randomBytes(16).toString('hex')}`
  readonly responseUrl: string
  payload: Json = {}
  readonly told: Told[] = []
  /** One for each time it was delivered. */
  deliveries: Promise<Answer>[] = []
  modal: View | undefined
  triggerUsed = false
  uses = 0
  readonly #startMs: number

  constructor(
    world: World,
    of: { kind: Kind; workspace: Workspace; user?: User; channel?: Channel; source?: Message },
  ) {
    this.kind = of.kind
    this.workspace = of.workspace
    this.user = of.user
    this.channel = of.channel
    this.source = of.source
    this.#startMs = world.clock.now()
    const folder = of.kind === 'command' ? 'commands' : of.kind === 'message_action' ? 'app' : 'actions'
    const secret = randomBytes(18).toString('base64url')
    this.responseUrl = `${world.origin()}/${folder}/${of.workspace.id}/${newDigits(13)}/${secret}`
  }

  /** Of the first delivery. */
  get answer(): Promise<Answer> {
    return this.deliveries[0] ?? Promise.reject(new Error('not delivered'))
  }

  triggerIsOld(world: World): boolean {
    return world.clock.now() > this.#startMs + TRIGGER_LIFE_MS
  }

  urlIsOld(world: World): boolean {
    return world.clock.now() > this.#startMs + URL_LIFE_MS
  }

  /** The modal that was opened with it, if one is. */
  view(): View | undefined {
    return this.modal
  }
}
