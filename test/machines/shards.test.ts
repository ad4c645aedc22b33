// A bot whose servers are shared out among processes: each hears its own shard, and no other.
import { describe, expect, test } from 'vitest'
import { discordShards } from '../../src/chat/discord/access.ts'
import { openSession, type Shards } from '../../src/chat/discord/gateway/session.ts'
import { readSettings } from '../../src/config.ts'
import { type Channel, type Guild, startDiscord } from '../support/discord/server.ts'
import { createDiscordBand } from '../support/discord-band.ts'
import { killChild } from '../support/processes.ts'
import { until } from '../support/until.ts'

const SHARDS = 2
const shardOf = ({ id }: Guild) => Number(BigInt(id) >> 22n) % SHARDS

describe('two processes with a shard each', async () => {
  const band = await createDiscordBand('real')
  const { discord, world } = band
  const process = (id: number) =>
    band.botProcess({ DISCORD_SHARDS: String(SHARDS), DISCORD_SHARD_IDS: String(id) })
  const bots = [await process(0), await process(1)]
  // Ids have a time in them: sooner or later there is one for each shard.
  const guilds = await Promise.all(
    bots.map((_bot, shard) =>
      until(() => {
        const guild = discord.guild()
        return shardOf(guild) === shard && guild
      }),
    ),
  )
  const ask = async (channel: Channel) => (await band.separate({}, { channel })).answer

  test('each has its own shard', () => {
    expect(discord.gateway.sessions.shards.toSorted()).toEqual([
      [0, SHARDS],
      [1, SHARDS],
    ])
  })

  test('commands of both servers, and of direct messages, are answered', async () => {
    const channels = [...guilds.map((guild) => guild.channel()), discord.dm(band.ann)]
    for (const channel of channels) expect((await ask(channel))?.type).toBe(4)
    for (const channel of channels) expect(channel.messages).toHaveLength(1)
    expect(discord.requests.filter(({ code }) => code === 40060)).toEqual([])
  })

  test('without its process a server is not answered, and the others are', async () => {
    const [zero, one] = bots
    if (one) await killChild(one)
    await until(() => discord.gateway.sessions.count === 1)
    const [first, second] = guilds.map((guild) => guild.channel())
    if (first) expect((await ask(first))?.type).toBe(4)
    expect((await ask(discord.dm(band.ann)))?.type).toBe(4)
    if (second) expect(await ask(second)).toBeUndefined()
    if (zero) await killChild(zero)
    await until(() => discord.gateway.sessions.count === 0)
    bots[0] = await process(1)
    if (second) expect((await ask(second))?.type).toBe(4)
    if (first) expect(await ask(first)).toBeUndefined()
    expect(await world.rows('select 1 from requests')).toHaveLength(6)
  })
})

describe('sessions', async () => {
  type Options = Parameters<typeof startDiscord>[0]
  const start = async (options: Options) => {
    const discord = await startDiscord(options)
    discord.guild()
    const connections: [state: string, shard: number][] = []
    const open = (shards: Shards | undefined) =>
      openSession(discord, shards, {
        onInteraction: () => {},
        onConnection: (state, shard) => connections.push([state, shard]),
        onRefused: () => {},
      })
    return { discord, open, connections }
  }

  test('as many shards as Discord recommends, as fast as it allows', async () => {
    const options = { recommendedShards: 3, maxConcurrency: 3, secondsBetweenIdentifies: 5 }
    const { discord, open, connections } = await start(options)
    const session = await open(undefined)
    expect(discord.gateway.sessions.shards.map(([id]) => id).toSorted()).toEqual([0, 1, 2])
    discord.gateway.drop()
    // Each is lost and comes back.
    await until(() => new Set(connections.map(String)).size === 6)
    await session.close()
    await discord.close()
  })

  test('of processes that start together: who is turned away comes again', async () => {
    const { discord, open } = await start({ secondsBetweenIdentifies: 2 })
    const sessions = await Promise.all([0, 1].map((id) => open({ count: 2, ids: [id] })))
    expect(discord.gateway.sessions.shards.map(([id]) => id).toSorted()).toEqual([0, 1])
    for (const session of sessions) await session.close()
    await discord.close()
  })

  test.each<[string, Options, Shards, RegExp]>([
    ['more servers than a shard may have', { maxGuildsOfShard: 0 }, { count: 1, ids: [0] }, /DISCORD_SHARDS/],
    ['a shard that there is none of', {}, { count: 2, ids: [2] }, /DISCORD_SHARD_IDS/],
  ])('%s: that is said', async (_name, options, shards, words) => {
    const { discord, open } = await start(options)
    await expect(open(shards)).rejects.toThrow(words)
    await discord.close()
  })
})

describe('settings of shards', () => {
  const read = (DISCORD_SHARDS: string, DISCORD_SHARD_IDS: string) =>
    discordShards(readSettings({ DISCORD_SHARDS, DISCORD_SHARD_IDS }, '/clone'))

  test.each<[string, string, Shards | undefined]>([
    ['', '', undefined],
    ['auto', '', undefined],
    ['3', '', { count: 3, ids: [0, 1, 2] }],
    ['4', ' 2, 3', { count: 4, ids: [2, 3] }],
  ])('%j and %j', (count, ids, shards) => expect(read(count, ids)).toEqual(shards))

  test.each([
    ['2', '0,2', /DISCORD_SHARD_IDS: must be below DISCORD_SHARDS, which is 2/],
    ['auto', '0', /DISCORD_SHARDS: must be a number, the same for every process/],
    ['0', '', /DISCORD_SHARDS/],
    ['many', '', /DISCORD_SHARDS: must be auto, or a number/],
    ['2', 'one', /DISCORD_SHARD_IDS/],
  ])('%j and %j are refused', (count, ids, words) => expect(() => read(count, ids)).toThrow(words))
})
