// A session at Discord's gateway for each shard of this process, by discord.js, which keeps it over broken connections. Only used to receive.
import {
  Client,
  DiscordjsError,
  DiscordjsErrorCodes,
  Events,
  GatewayCloseCodes,
  GatewayDispatchEvents,
} from 'discord.js'
import { UserError } from '../../../errors.ts'
import type { DiscordAccess } from '../rest.ts'
import type { Given } from './interaction.ts'

/** A guild's events come to the shard `(id >> 22) % count`, those of direct messages to shard 0. */
export type Shards = { count: number; ids: number[] }
type SessionEvents = {
  onInteraction: (given: Given) => void
  /** The connection of a shard is gone, or here again; discord.js sees to it. */
  onConnection: (state: 'lost' | 'back', shard: number) => void
  /** Discord wants us no more; the session is over. */
  onRefused: (why: UserError) => void
}
export type Session = { close(): Promise<void> }

/** Shards open one after the other, five seconds apart. */
const OPEN_SECONDS = 30
/** Closes after which coming again is of no use. https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway */
const REFUSALS: Partial<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]:
    'Discord does not accept DISCORD_TOKEN: copy it anew from the page Bot of your application.',
  [GatewayCloseCodes.InvalidShard]:
    'Discord does not accept these shards: see DISCORD_SHARDS and DISCORD_SHARD_IDS.',
  [GatewayCloseCodes.ShardingRequired]:
    'The bot is in more servers than so many shards may serve: set DISCORD_SHARDS to a higher number, or to auto.',
  [GatewayCloseCodes.InvalidAPIVersion]:
    'Discord no longer speaks the version of its protocol that this bot does.',
  [GatewayCloseCodes.InvalidIntents]: 'Discord does not accept what this bot wants to hear.',
  [GatewayCloseCodes.DisallowedIntents]:
    'Discord does not allow what this bot wants to hear, though none of it is privileged.',
}

/**
 * Opens the sessions of these shards, or of all that Discord recommends; settles half a minute after the last that opened.
 * @throws UserError `chat_unauthorized` or `bad_settings` when trying again is of no use; else any error
 */
export async function openSession(
  { apiUrl, token, applicationId }: DiscordAccess,
  shards: Shards | undefined,
  events: SessionEvents,
): Promise<Session> {
  // Interactions come without any intent, and so no privileged one is asked for.
  const client = new Client({
    intents: [],
    ...(shards ? { shards: shards.ids, shardCount: shards.count } : { shards: 'auto' }),
    rest: { api: apiUrl, retries: 0, timeout: 15_000 },
  })
  takeNoInteractions(client)
  let isOpen = false
  let refused: UserError | undefined
  let timer: NodeJS.Timeout | undefined
  const refuse = (code: number) => {
    const meaning = code === GatewayCloseCodes.AuthenticationFailed ? 'chat_unauthorized' : 'bad_settings'
    refused ??= new UserError(meaning, REFUSALS[code] ?? `Discord closed the connection for good (${code}).`)
    if (isOpen) events.onRefused(refused)
  }
  // As Discord sends it: nothing that discord.js would have to know about a server or channel first.
  client.ws.on(GatewayDispatchEvents.InteractionCreate, (given: Given) => events.onInteraction(given))
  client.on(Events.ShardDisconnect, ({ code }) => refuse(code))
  client.on(Events.ShardReconnecting, (shard) => isOpen && events.onConnection('lost', shard))
  client.on(Events.ShardResume, (shard) => events.onConnection('back', shard))
  client.on(Events.ShardReady, (shard) => (isOpen ? events.onConnection('back', shard) : timer?.refresh()))
  // What they tell is told by the events above, or by login.
  client.on(Events.ShardError, () => {})
  client.on(Events.Error, () => {})

  const close = async () => {
    await client.destroy()
    stayClosed(client)
  }
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Discord did not open a session in time')), OPEN_SECONDS * 1000)
  })
  const login = client.login(token)
  try {
    await Promise.race([login, late])
    const own = client.application?.id
    if (own && own !== applicationId)
      throw new UserError(
        'bad_settings',
        `DISCORD_TOKEN is that of application ${own}, and DISCORD_APPLICATION_ID names another: set both from one application.`,
      )
    isOpen = true
    return { close }
  } catch (error) {
    login.catch(() => {})
    await close()
    const isWrongToken = error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid
    if (isWrongToken) refuse(GatewayCloseCodes.AuthenticationFailed)
    throw refused ?? error
  } finally {
    clearTimeout(timer)
  }
}

/** A shard that was waiting to reconnect when it was destroyed would do so: it waits for ever for the session it asks for. */
function stayClosed(client: Client): void {
  const never = { sessionInfo: new Promise(() => {}), emit: () => false }
  client.ws.shards.get = () => never as never
}

/** discord.js would make an object of every interaction, and end the process over one that it cannot make. */
function takeNoInteractions(client: Client): void {
  const { actions } = client as unknown as { actions: { InteractionCreate: { handle: () => void } } }
  actions.InteractionCreate.handle = () => {}
}
