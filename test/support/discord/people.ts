// What people do: type commands, press buttons, ask for completions. Each becomes an event for the bot.
import { type Command, mustBeOffered, OPTION, typed } from './commands.ts'
import type { Upload } from './files.ts'
import { allComponents } from './form.ts'
import type { Gateway } from './gateway.ts'
import { Interaction, KIND } from './interaction.ts'
import { botSizeLimit } from './messages.ts'
import { filledIn } from './modal.ts'
import { wrongWithMessage } from './openapi.ts'
import { INVITED } from './permissions.ts'
import { attachmentShape, channelShape, memberShape, messageShape, userShape } from './shapes.ts'
import type { Channel, Json, Message, User, World } from './world.ts'

const SELECT = 3

/** What an interaction has beyond the ordinary. */
export type More = {
  /** The bot's rights as told; what it really may is the channel's affair. */
  appPermissions?: bigint
  /** Bytes. */
  attachmentSizeLimit?: number
  /** For the command's attachment option. */
  file?: Upload
  /** Of several attachment options, by name. */
  filesByOption?: Record<string, Upload>
  locale?: string
  memberPermissions?: bigint
  /** Fields of the payload that are left out. */
  omit?: string[]
  /** What the payload has in place of what is usual. */
  odd?: (payload: Json) => void
  /** Of a select menu. */
  values?: string[]
}

export function createPeople(
  world: World,
  gateway: Pick<Gateway, 'tell' | 'lost'>,
  commands: { all: Command[] },
) {
  const send = (
    user: User,
    channel: Channel,
    kind: number,
    data: Json,
    more: More,
    from: { source?: Message | undefined; opener?: Interaction } = {},
  ): Interaction => {
    const { source, opener } = from
    const { guild } = channel
    const isMember = !guild || guild.hasBot
    const rights = channel.parent?.permissions ?? channel.permissions
    const appPermissions = more.appPermissions ?? (isMember ? rights : INVITED)
    const sizeLimitBytes = more.attachmentSizeLimit ?? botSizeLimit(channel)
    const interaction = new Interaction(world, {
      kind,
      user,
      channel,
      sizeLimitBytes,
      appPermissions,
      source,
      opener,
    })
    const permissions = more.memberPermissions ?? user.permissions
    const owner = isMember ? { 0: guild?.id ?? '0' } : { 1: user.id }
    interaction.payload = {
      id: interaction.id,
      application_id: world.applicationId,
      type: kind,
      data,
      token: interaction.token,
      version: 1,
      channel_id: channel.id,
      channel: { ...channelShape(channel, world), permissions: permissions.toString() },
      ...(guild
        ? {
            guild_id: guild.id,
            guild: { id: guild.id, locale: 'en-US', features: [] },
            guild_locale: 'en-US',
            member: { ...memberShape(user), permissions: permissions.toString() },
          }
        : { user: userShape(user) }),
      ...(source ? { message: messageShape(source, world) } : {}),
      app_permissions: appPermissions.toString(),
      attachment_size_limit: sizeLimitBytes,
      locale: more.locale ?? 'en-US',
      entitlements: [],
      authorizing_integration_owners: owner,
      context: guild ? 0 : 1,
    }
    for (const field of more.omit ?? []) delete interaction.payload[field]
    more.odd?.(interaction.payload)
    const wrong = source && wrongWithMessage(interaction.payload['message'])
    if (wrong) world.problems.push(`a message in an interaction: ${wrong}`)
    const arrived = gateway.tell('INTERACTION_CREATE', interaction.payload, { guildId: guild?.id })
    if (!arrived) gateway.lost.set(interaction.id, interaction.payload)
    return interaction
  }

  const offered = (command: Command, user: User, channel: Channel, more: More) =>
    mustBeOffered(command, {
      inDirectMessages: channel.guild === undefined,
      hasBot: channel.guild?.hasBot ?? true,
      permissions: more.memberPermissions ?? user.permissions,
    })

  const optionsOf = (name: string, channel: Channel, options: Record<string, unknown>, more: More) => {
    const [first] = name.split(' ')
    const command = commands.all.find((one) => one.type === 1 && one.name === first)
    const own = command?.options?.find((one) => one.type === OPTION.attachment)
    const uploads = { ...more.filesByOption, ...(more.file ? { [own?.name ?? 'file']: more.file } : {}) }
    const attachments: Json = {}
    const values = { ...options }
    for (const [option, upload] of Object.entries(uploads)) {
      const file = world.files.add(channel.id, upload)
      mustBeOfType(command, option, file.filename)
      attachments[file.id] = attachmentShape(file, true)
      values[option] = file.id
    }
    return { values, resolved: Object.keys(attachments).length > 0 ? { resolved: { attachments } } : {} }
  }

  return {
    /** @param name with its sub-command after a space, if it has one */
    async command(
      user: User,
      channel: Channel,
      name: string,
      options: Record<string, unknown> = {},
      more: More = {},
    ) {
      const { values, resolved } = optionsOf(name, channel, options, more)
      const { command, options: filled } = typed(commands.all, name, values)
      offered(command, user, channel, more)
      const data = { id: command.id, name: command.name, type: 1, options: filled, ...resolved }
      return send(user, channel, KIND.command, data, more)
    },
    async messageCommand(user: User, message: Message, name: string, more: More = {}) {
      const command = commands.all.find((one) => one.type === 3 && one.name === name)
      if (!command) throw new Error(`no such message command is registered: ${name}`)
      mustBeSeen(user, message)
      offered(command, user, message.channel, more)
      const messages = { [message.id]: messageShape(message, world) }
      const data = { id: command.id, name, type: 3, target_id: message.id, resolved: { messages } }
      return send(user, message.channel, KIND.command, data, more)
    },
    async press(user: User, message: Message, customId: string, more: More = {}) {
      mustBeSeen(user, message)
      const found = allComponents(message.components).find(({ one }) => one['custom_id'] === customId)?.one
      if (!found) throw new Error(`the message has no component ${customId}`)
      if (found['disabled']) throw new Error(`${customId} is disabled`)
      const data = {
        custom_id: customId,
        component_type: found['type'],
        id: found['id'],
        ...(found['type'] === SELECT ? { values: chosen(found, more.values ?? []) } : {}),
      }
      return send(user, message.channel, KIND.component, data, more, { source: message })
    },
    async autocomplete(
      user: User,
      channel: Channel,
      name: string,
      options: Record<string, unknown>,
      focusedName: string,
      more: More = {},
    ) {
      const { command, options: filled } = typed(
        commands.all,
        name,
        { [focusedName]: '', ...options },
        focusedName,
      )
      offered(command, user, channel, more)
      const data = { id: command.id, name: command.name, type: 1, options: filled }
      return send(user, channel, KIND.autocomplete, data, more)
    },
    /** What a person sends from the modal that answered `from`; values by custom id. */
    async submit(from: Interaction, values: Record<string, string>, more: More = {}) {
      const answer = await from.answer
      if (answer?.type !== 9) throw new Error('no modal is open')
      const data = { custom_id: answer.data['custom_id'], components: filledIn(answer.data, values) }
      return send(from.user, from.channel, KIND.modal, data, more, { source: from.source, opener: from })
    },
  }
}

/** @throws Error for what no client lets anybody choose */
function chosen(select: Json, values: string[]): string[] {
  const offered = ((select['options'] ?? []) as Json[]).map((one) => one['value'])
  for (const value of values) if (!offered.includes(value)) throw new Error(`${value} is not offered`)
  const [least, most] = [Number(select['min_values'] ?? 1), Number(select['max_values'] ?? 1)]
  if (values.length < least || values.length > most) throw new Error(`${least} to ${most} are to be chosen`)
  return values
}

function mustBeSeen(user: User, message: Message): void {
  if (message.deleted) throw new Error('the message is deleted')
  if (message.onlyFor && message.onlyFor !== user) throw new Error('the message is for somebody else')
}

function mustBeOfType(command: Command | undefined, name: string, filename: string): void {
  const groups: Record<string, RegExp> = {
    audio: /\.(mp3|m4a|wav|ogg|opus|flac)$/i,
    video: /\.(mp4|mov|webm)$/i,
    image: /\.(png|jpe?g|gif|webp|avif)$/i,
  }
  const types = command?.options?.find((one) => one.name === name)?.file_types
  if (
    types?.length &&
    !types.some((one) => groups[one]?.test(filename) ?? filename.toLowerCase().endsWith(one))
  )
    throw new Error(`option ${name} takes ${types}, not ${filename}`)
}
