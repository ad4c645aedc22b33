// The REST routes this server has, and what each does.
import { type Command, registered } from './commands.ts'
import { invalid, refusal } from './errors.ts'
import type { Upload } from './files.ts'
import { mustFitDescription } from './form.ts'
import type { Gateway } from './gateway.ts'
import { answerInteraction, byToken, editByToken, followUp, messageOf } from './interaction.ts'
import { botSizeLimit, createMessage, editMessage, notify, replyTo, type Sent } from './messages.ts'
import { may, mustBeAllowed, type Permission } from './permissions.ts'
import type { RateLimits } from './rate-limits.ts'
import { applicationShape, channelShape, guildShape, messageShape, ownUserShape } from './shapes.ts'
import { isSnowflake } from './snowflake.ts'
import { Channel, type Json, type Message, type World } from './world.ts'

const HOUR_MS = 3_600_000
/** How long Discord remembers a nonce: "a few minutes". */
const NONCE_MS = 3 * 60_000

export type Call = {
  route: string
  path: string
  parameters: Record<string, string>
  query: URLSearchParams
  body: unknown
  files: Map<number, Upload>
  storedBytes: number | undefined
}
export type Reply = { status: number; body?: unknown }
export type Handler = (call: Call) => Reply

/** Routes of an interaction's token need no bot token. */
export const needsNoBot = (route: string) => /\/(webhooks|interactions)\//.test(route)

export function createRoutes(
  world: World,
  limits: RateLimits,
  gateway: Gateway,
  commands: { all: Command[] },
) {
  const ok = (body: unknown): Reply => ({ status: 200, body })
  const nothing: Reply = { status: 204 }
  const shown = (message: Message) => ok(messageShape(message, world))

  const channelOf = ({ parameters }: Call, needs: Permission[] = []): Channel => {
    const channel = world.channels.get(parameters['channel_id'] ?? '')
    if (!channel) throw refusal(10003)
    mustBeAllowed(channel, needs)
    return channel
  }
  /** Nobody else's ephemeral message is there for a bot's token. */
  const messageIn = (channel: Channel, id: string | undefined): Message => {
    const message = world.messages.get(id ?? '')
    if (!message || message.channel !== channel || message.ephemeral) throw refusal(10008)
    return message
  }
  const sentBy = (call: Call, sizeLimitBytes = 0): Sent => {
    const { body = {}, files, storedBytes } = call
    return { body: (body ?? {}) as Json, files, sizeLimitBytes, storedBytes }
  }
  const ownApplication = ({ parameters }: Call) => {
    if (parameters['application_id'] !== world.applicationId) throw refusal(20012)
  }
  const withToken = ({ parameters }: Call) =>
    byToken(world, parameters['webhook_id'] ?? '', parameters['webhook_token'] ?? '')

  const create: Handler = (call) => {
    const { body = {}, files } = call
    const content = body as Json
    const channel = channelOf(call, ['SEND_MESSAGES', ...(files.size > 0 ? (['ATTACH_FILES'] as const) : [])])
    mustFitDescription(world, call.route, content)
    if (Array.isArray(content['embeds']) && content['embeds'].length > 0)
      mustBeAllowed(channel, ['EMBED_LINKS'])
    if (channel.recipient?.blocksDms) throw refusal(50007)
    if (channel.locked && !may(channel, 'MANAGE_THREADS')) throw refusal(160005)
    const { nonce, enforce_nonce } = content as { nonce?: string | number; enforce_nonce?: boolean }
    if (nonce !== undefined && nonce !== null && enforce_nonce) {
      const earlier = [...channel.messages, ...channel.removed].find(
        (one) => one.nonce === nonce && one.author === world.bot && world.clock.now() - one.atMs < NONCE_MS,
      )
      // A repeat of what has been deleted since has nothing to give back.
      if (earlier?.deleted) throw refusal(10008)
      if (earlier) return shown(earlier)
    }
    const reference = replyTo(world, channel, content)
    const message = createMessage(world, channel, sentBy(call, botSizeLimit(channel)))
    if (nonce !== undefined && nonce !== null) message.nonce = nonce
    if (reference) {
      message.type = 19
      message.message_reference = reference
    }
    notify(world, message)
    channel.archived = false
    return shown(message)
  }

  const edit: Handler = (call) => {
    const { files } = call
    const channel = channelOf(call)
    const message = messageIn(channel, call.parameters['message_id'])
    if (message.author !== world.bot) throw refusal(50005)
    if (files.size > 0) mustBeAllowed(channel, ['ATTACH_FILES'])
    if (channel.archived) throw refusal(50083)
    mustFitDescription(world, call.route, call.body)
    if (world.clock.now() - message.atMs > HOUR_MS) limits.countOldEdit(call.route, call.path, channel.id)
    editMessage(world, message, sentBy(call, botSizeLimit(channel)), 'bot')
    return shown(message)
  }

  const list: Handler = (call) => {
    const channel = channelOf(call)
    const { query } = call
    const limit = Number(query.get('limit') ?? 50)
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 100))
      throw invalid(['limit'], 'NUMBER_TYPE_MAX', 'int value should be between 1 and 100.')
    // Without the right to read back, Discord gives nothing rather than an error.
    if (!may(channel, 'READ_MESSAGE_HISTORY')) return ok([])
    const newest = [...channel.messages].reverse()
    const id = (name: string) => {
      const text = query.get(name)
      if (text === null) return undefined
      if (!/^\d+$/.test(text))
        throw invalid([name], 'NUMBER_TYPE_COERCE', `Value "${text}" is not snowflake.`)
      return BigInt(text)
    }
    const [before, after, around] = [id('before'), id('after'), id('around')]
    let found = newest.slice(0, limit)
    if (around !== undefined) {
      const older = newest.filter((one) => BigInt(one.id) <= around).slice(0, Math.ceil(limit / 2))
      const younger = newest.filter((one) => BigInt(one.id) > around)
      found = [...younger.slice(Math.max(0, younger.length - Math.floor(limit / 2))), ...older]
    } else if (before !== undefined) found = newest.filter((one) => BigInt(one.id) < before).slice(0, limit)
    else if (after !== undefined) found = newest.filter((one) => BigInt(one.id) > after).slice(-limit)
    return ok(found.map((one) => messageShape(one, world)))
  }

  const modify: Handler = (call) => {
    const channel = channelOf(call)
    mustFitDescription(world, call.route, call.body)
    const { archived, locked } = (call.body ?? {}) as { archived?: boolean; locked?: boolean }
    if (!channel.isThread || (locked !== undefined && !may(channel, 'MANAGE_THREADS'))) throw refusal(50013)
    if (channel.locked && !may(channel, 'MANAGE_THREADS')) throw refusal(50013)
    if (channel.archived && archived !== false) throw refusal(50083)
    channel.archived = archived ?? channel.archived
    channel.locked = locked ?? channel.locked
    return ok(channelShape(channel, world))
  }

  const directMessages: Handler = (call) => {
    mustFitDescription(world, call.route, call.body)
    const user = world.users.get(String((call.body as Json | undefined)?.['recipient_id']))
    if (!user) throw refusal(10013)
    return ok(channelShape(dmWith(world, user.id), world))
  }

  const register: Handler = (call) => {
    ownApplication(call)
    mustFitDescription(world, call.route, call.body)
    commands.all = registered(world, commands.all, (call.body ?? []) as Json[])
    return ok(commands.all)
  }

  const gatewayBot: Handler = () =>
    ok({
      url: gateway.url,
      shards: gateway.recommendedShards,
      session_start_limit: {
        total: gateway.startLimit.total,
        remaining: gateway.startLimit.remaining,
        reset_after: 86_400_000,
        max_concurrency: gateway.maxConcurrency,
      },
    })

  const remove: Handler = (call) => {
    const channel = channelOf(call)
    const message = messageIn(channel, call.parameters['message_id'])
    if (message.author !== world.bot) mustBeAllowed(channel, ['MANAGE_MESSAGES'])
    if (channel.archived) throw refusal(50083)
    message.remove()
    return nothing
  }

  const read: Handler = (call) => {
    const channel = channelOf(call, ['READ_MESSAGE_HISTORY'])
    return shown(messageIn(channel, call.parameters['message_id']))
  }

  const guild: Handler = ({ parameters }) => {
    const found = world.guilds.get(parameters['guild_id'] ?? '')
    if (!found) throw refusal(10004)
    if (!found.hasBot) throw refusal(50001)
    return ok(guildShape(found, world))
  }

  const readByToken: Handler = (call) =>
    shown(messageOf(withToken(call), call.parameters['message_id'] ?? '@original'))
  const patchByToken: Handler = (call) => {
    const interaction = withToken(call)
    mustFitDescription(world, call.route, call.body)
    return shown(editByToken(world, interaction, call.parameters['message_id'] ?? '@original', sentBy(call)))
  }
  const removeByToken: Handler = (call) => {
    messageOf(withToken(call), call.parameters['message_id'] ?? '@original').remove()
    return nothing
  }
  const postByToken: Handler = (call) => {
    const interaction = withToken(call)
    mustFitDescription(world, call.route, call.body)
    return shown(followUp(world, interaction, sentBy(call)))
  }
  const callback: Handler = (call) => {
    const { interaction_id = '', interaction_token = '' } = call.parameters
    const body = answerInteraction(world, call.route, interaction_id, interaction_token, sentBy(call))
    return call.query.get('with_response') === 'true' ? ok(body) : nothing
  }

  const WEBHOOK = '/webhooks/{webhook_id}/{webhook_token}'
  const handlers: Record<string, Handler> = {
    'GET /applications/@me': () => ok(applicationShape(world)),
    'GET /oauth2/applications/@me': () => ok(applicationShape(world)),
    'GET /applications/{application_id}/commands': (call) => {
      ownApplication(call)
      return ok(commands.all)
    },
    'PUT /applications/{application_id}/commands': register,
    'GET /gateway': () => ok({ url: gateway.url }),
    'GET /gateway/bot': gatewayBot,
    'GET /users/@me': () => ok(ownUserShape(world.bot)),
    'POST /users/@me/channels': directMessages,
    'GET /guilds/{guild_id}': guild,
    'GET /channels/{channel_id}': (call) => ok(channelShape(channelOf(call), world)),
    'PATCH /channels/{channel_id}': modify,
    'GET /channels/{channel_id}/messages': list,
    'POST /channels/{channel_id}/messages': create,
    'GET /channels/{channel_id}/messages/{message_id}': read,
    'PATCH /channels/{channel_id}/messages/{message_id}': edit,
    'DELETE /channels/{channel_id}/messages/{message_id}': remove,
    'POST /interactions/{interaction_id}/{interaction_token}/callback': callback,
    [`POST ${WEBHOOK}`]: postByToken,
    [`GET ${WEBHOOK}/messages/@original`]: readByToken,
    [`PATCH ${WEBHOOK}/messages/@original`]: patchByToken,
    [`DELETE ${WEBHOOK}/messages/@original`]: removeByToken,
    [`GET ${WEBHOOK}/messages/{message_id}`]: readByToken,
    [`PATCH ${WEBHOOK}/messages/{message_id}`]: patchByToken,
    [`DELETE ${WEBHOOK}/messages/{message_id}`]: removeByToken,
  }
  return compile(handlers)
}

/** The channel of direct messages with a person, opened when there is none. */
export function dmWith(world: World, userId: string): Channel {
  const recipient = world.users.get(userId)
  if (!recipient) throw new Error(`no such user: ${userId}`)
  for (const channel of world.channels.values()) if (channel.recipient === recipient) return channel
  return new Channel(world, { type: 1, recipient })
}

function compile(handlers: Record<string, Handler>) {
  const routes = Object.entries(handlers).map(([route, handle]) => {
    const [method = '', template = ''] = route.split(' ')
    const pattern = template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    return { method, route, handle, pattern: new RegExp(`^${pattern}$`) }
  })
  return {
    /** @returns undefined for what this server does not have; `isKnownPath` for the wrong method */
    find(method: string, path: string) {
      for (const one of routes) {
        const match = one.method === method && one.pattern.exec(path)
        if (match) return { route: one.route, handle: one.handle, parameters: { ...match.groups } }
      }
      return undefined
    },
    isKnownPath: (path: string) => routes.some((one) => one.pattern.test(path)),
  }
}

/** @throws 50035 where an id in a path is none */
export function mustHaveIds(parameters: Record<string, string>): void {
  for (const [name, value] of Object.entries(parameters))
    if (name.endsWith('_id') && !isSnowflake(value))
      throw invalid([name], 'NUMBER_TYPE_COERCE', `Value "${value}" is not snowflake.`)
}
