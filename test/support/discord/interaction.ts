// Interactions: what a person did, the three seconds for an answer, and the fifteen minutes of their token.
import { randomBytes } from 'node:crypto'
import { type Issue, invalid, invalidForm, issue, refusal } from './errors.ts'
import { FLAG, mustFitDescription } from './form.ts'
import { createMessage, editMessage, notify, type Sent } from './messages.ts'
import { mustBeModal } from './modal.ts'
import { may } from './permissions.ts'
import { messageShape, userShape } from './shapes.ts'
import type { Channel, Json, Message, User, World } from './world.ts'

export const ANSWER_WITHIN_MS = 3000
export const TOKEN_LIFE_MS = 15 * 60_000
const MAX_FOLLOWUPS_WITHOUT_MEMBERSHIP = 5

export const KIND = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const
export const CALLBACK = {
  message: 4,
  defer: 5,
  deferUpdate: 6,
  update: 7,
  autocomplete: 8,
  modal: 9,
} as const

export type Answer = {
  type: number
  data: Json
  /** How long after the interaction was sent, by the server's clock. */
  atMs: number
  message?: Message
}

export class Interaction {
  readonly id: string
  readonly token: string
  readonly kind: number
  readonly user: User
  readonly channel: Channel
  readonly sizeLimitBytes: number
  readonly appPermissions: bigint
  /** The message whose button was pressed. */
  readonly source: Message | undefined
  /** What was answered by the modal that this comes from. */
  readonly opener: Interaction | undefined
  readonly sentAtMs: number
  /** What was sent to the bot. */
  payload: Json = {}
  /** Undefined when three seconds pass without one. */
  readonly answer: Promise<Answer | undefined>
  /** The message the answer made or the button's; it lives on here when it is deleted. */
  message: Message | undefined
  readonly followups: Message[] = []
  answeredType: number | undefined
  #answered: (answer: Answer | undefined) => void = () => {}

  constructor(
    world: World,
    wish: Pick<
      Interaction,
      'kind' | 'user' | 'channel' | 'sizeLimitBytes' | 'appPermissions' | 'source' | 'opener'
    >,
  ) {
    this.id = world.newId()
    this.token = Buffer.from(`interaction:${this.id}:${randomBytes(96).toString('base64url')}`).toString(
      'base64url',
    )
    this.kind = wish.kind
    this.user = wish.user
    this.channel = wish.channel
    this.sizeLimitBytes = wish.sizeLimitBytes
    this.appPermissions = wish.appPermissions
    this.source = wish.source
    this.opener = wish.opener
    this.sentAtMs = world.clock.now()
    world.interactions.set(this.token, this)
    this.answer = new Promise((resolve) => {
      this.#answered = resolve
    })
    world.clock.after(ANSWER_WITHIN_MS, () => this.#answered(undefined))
  }

  answered(answer: Answer): void {
    this.answeredType = answer.type
    this.#answered(answer)
  }
}

/** The answer of a bot. @returns the body of a 200, asked for by with_response */
export function answerInteraction(world: World, route: string, id: string, token: string, sent: Sent): Json {
  const interaction = world.interactions.get(token)
  if (!interaction || interaction.id !== id) throw refusal(10062)
  const ageMs = world.clock.now() - interaction.sentAtMs
  if (interaction.answeredType !== undefined) throw refusal(40060)
  if (ageMs > ANSWER_WITHIN_MS) throw refusal(10062)
  const { body } = sent
  mustFitDescription(world, route, body)
  const type = Number(body['type'])
  const data = (body['data'] ?? {}) as Json
  mustBeAnswerable(interaction, type, data)
  const inner = { ...sent, body: data, at: ['data'], sizeLimitBytes: interaction.sizeLimitBytes }
  let message: Message | undefined
  switch (type) {
    case CALLBACK.message:
      message = post(world, interaction, inner)
      break
    case CALLBACK.defer:
      message = loading(world, interaction, data)
      break
    case CALLBACK.deferUpdate:
      message = interaction.source
      break
    case CALLBACK.modal:
      mustBeModal(data)
      break
    case CALLBACK.update:
      message = interaction.source
      if (!message || message.deleted) throw refusal(10008)
      mustAttach(interaction, inner)
      editMessage(world, message, inner, 'token')
      break
  }
  interaction.message = message
  interaction.answered({ type, data, atMs: ageMs, ...(message ? { message } : {}) })
  const carries = type === CALLBACK.message || type === CALLBACK.update
  return {
    interaction: {
      id: interaction.id,
      type: interaction.kind,
      channel_id: interaction.channel.id,
      ...(interaction.channel.guild ? { guild_id: interaction.channel.guild.id } : {}),
      ...(message
        ? {
            response_message_id: message.id,
            response_message_loading: (message.flags & FLAG.LOADING) !== 0,
            response_message_ephemeral: message.ephemeral,
          }
        : {}),
    },
    ...(carries && message ? { resource: { type, message: messageShape(message, world) } } : {}),
  }
}

/** Which answers fit which interactions. @throws 50035 */
function mustBeAnswerable({ kind, source }: Interaction, type: number, data: Json): void {
  const refuse = (why: string) => invalid(['type'], 'INTERACTION_TYPE_INVALID', why)
  const completes = type === CALLBACK.autocomplete
  if (completes !== (kind === KIND.autocomplete))
    throw refuse('Autocomplete answers autocomplete, and nothing else')
  if ((type === CALLBACK.deferUpdate || type === CALLBACK.update) && !source)
    throw refuse('There is no message of a component to update')
  if (type === CALLBACK.modal && kind === KIND.modal) throw refuse('A modal cannot answer a modal')
  if (type === CALLBACK.defer && (Number(data['flags'] ?? 0) & ~FLAG.EPHEMERAL) !== 0)
    throw invalid(['data', 'flags'], 'INTERACTION_DEFER_FLAGS', 'Only EPHEMERAL can be set when deferring')
  if (completes) mustBeChoices(data)
}

function mustBeChoices(data: Json): void {
  const issues: Issue[] = []
  const choices = (data['choices'] ?? []) as Json[]
  if (choices.length > 25)
    issues.push(issue(['data', 'choices'], 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.'))
  choices.forEach((one, at) => {
    for (const key of ['name', 'value']) {
      const text = one[key]
      if (typeof text === 'string' && (text.length > 100 || (key === 'name' && text.length < 1)))
        issues.push(
          issue(['data', 'choices', at, key], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.'),
        )
    }
  })
  if (issues.length > 0) throw invalidForm(issues)
}

/** Where the bot is not a member, files are always allowed. */
function mustAttach({ channel, appPermissions }: Interaction, { files }: Sent): void {
  const mayAttach = (appPermissions & (1n << 15n)) !== 0n
  if (files.size > 0 && channel.guild?.hasBot && !mayAttach) throw refusal(50013)
}

/** A locked thread is shut for tokens too (discord-api-docs#5517, #6884). */
function mustBeOpen({ channel }: Interaction): void {
  if (channel.locked && channel.archived && !may(channel, 'MANAGE_THREADS')) throw refusal(50083)
}

function post(world: World, interaction: Interaction, sent: Sent): Message {
  mustBeOpen(interaction)
  mustAttach(interaction, sent)
  const hidden = (Number(sent.body['flags'] ?? 0) & FLAG.EPHEMERAL) !== 0
  const message = createMessage(world, interaction.channel, sent, hidden ? { onlyFor: interaction.user } : {})
  addOrigin(interaction, message)
  notify(world, message)
  interaction.channel.archived = false
  return message
}

function loading(world: World, interaction: Interaction, data: Json): Message {
  mustBeOpen(interaction)
  const hidden = (Number(data['flags'] ?? 0) & FLAG.EPHEMERAL) !== 0
  // An empty message is what only Discord itself can make.
  const message = createMessage(
    world,
    interaction.channel,
    { body: { content: '…', flags: data['flags'] ?? 0 }, files: new Map(), sizeLimitBytes: 0 },
    hidden ? { onlyFor: interaction.user } : {},
  )
  message.content = ''
  message.flags |= FLAG.LOADING
  addOrigin(interaction, message)
  return message
}

function addOrigin(interaction: Interaction, message: Message): void {
  const { kind, source, channel, payload } = interaction
  const data = (payload['data'] ?? {}) as Json
  const first = interaction.answeredType === undefined
  message.type = first ? (kind === KIND.command ? (data['type'] === 3 ? 23 : 20) : source ? 19 : 0) : 19
  const answered = first ? source : interaction.message
  if (message.type === 19 && answered && !answered.deleted)
    message.message_reference = {
      type: 0,
      channel_id: channel.id,
      message_id: answered.id,
      ...(channel.guild ? { guild_id: channel.guild.id } : {}),
    }
  message.interaction_metadata = {
    ...originOf(interaction),
    ...(first || !interaction.message ? {} : { original_response_message_id: interaction.message.id }),
  }
}

function originOf({ id, kind, user, payload, source, opener }: Interaction): Json {
  return {
    id,
    type: kind,
    user: userShape(user),
    authorizing_integration_owners: payload['authorizing_integration_owners'] ?? {},
    ...(kind === KIND.component && source ? { interacted_message_id: source.id } : {}),
    ...(opener ? { triggering_interaction_metadata: originOf(opener) } : {}),
  }
}

/** The interaction a webhook route is about. @throws 10015, 50027 */
export function byToken(world: World, applicationId: string, token: string): Interaction {
  if (applicationId !== world.applicationId) throw refusal(10015)
  const interaction = world.interactions.get(token)
  if (!interaction || world.clock.now() - interaction.sentAtMs >= TOKEN_LIFE_MS) throw refusal(50027)
  if (interaction.answeredType === undefined || interaction.answeredType >= CALLBACK.autocomplete)
    throw refusal(10015)
  return interaction
}

/** @throws 10008 when it is gone, or not of this interaction */
export function messageOf(interaction: Interaction, id: string): Message {
  const own = [interaction.message, ...interaction.followups]
  const found = id === '@original' ? interaction.message : own.find((one) => one?.id === id)
  if (!found || found.deleted) throw refusal(10008)
  return found
}

export function editByToken(world: World, interaction: Interaction, id: string, sent: Sent): Message {
  const message = messageOf(interaction, id)
  mustBeOpen(interaction)
  mustAttach(interaction, sent)
  editMessage(world, message, { ...sent, sizeLimitBytes: interaction.sizeLimitBytes }, 'token')
  return message
}

export function followUp(world: World, interaction: Interaction, sent: Sent): Message {
  const { message, channel, followups } = interaction
  const isWaiting = message && (message.flags & FLAG.LOADING) !== 0
  if (isWaiting && message.deleted) throw refusal(10008)
  // The first one after a defer takes the place of what is loading.
  if (isWaiting) return editByToken(world, interaction, '@original', sent)
  if (channel.guild && !channel.guild.hasBot && followups.length >= MAX_FOLLOWUPS_WITHOUT_MEMBERSHIP)
    throw refusal(40094)
  const made = post(world, interaction, { ...sent, sizeLimitBytes: interaction.sizeLimitBytes })
  followups.push(made)
  return made
}
