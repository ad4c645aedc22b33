// Several bots of one application: what a person says is answered once, whichever is there.
import type { ChildProcess } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { startBot } from '../../src/bot.ts'
import type { Channel, Interaction, User } from '../support/discord/server.ts'
import { cardsIn, createDiscordBand } from '../support/discord-band.ts'
import { killChild } from '../support/processes.ts'
import { enterRoom } from '../support/room-visitor.ts'
import { createSlackBand } from '../support/slack-band.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const COMMANDS = 20
/** So many at once: an answer has three seconds, also where all run on one machine that has other work. */
const AT_ONCE = 4

describe('on Discord', async () => {
  const band = await createDiscordBand('real')
  const { discord, world, guild } = band
  const bots: ChildProcess[] = [await band.botProcess(), await band.botProcess()]
  await world.script({})
  // Both are quicker from the second command on.
  await (await band.separate({}, { channel: guild.channel() })).answer

  /** Commands of as many people; `ask` gives one. @param whenHalf is done when half of them are answered */
  const askAll = async (ask: (user: User) => Promise<Interaction>, whenHalf = async () => {}) => {
    const asked: Interaction[] = []
    while (asked.length < COMMANDS) {
      if (asked.length === COMMANDS / 2) await whenHalf()
      const wave = await Promise.all(Array.from({ length: AT_ONCE }, () => ask(discord.user())))
      for (const { answer } of wave) expect((await answer)?.type).toBe(4)
      asked.push(...wave)
    }
    expect(asked.flatMap(({ followups }) => followups)).toEqual([])
    return asked
  }
  /** Each has one card, which everybody sees, and nobody was told anything else. */
  const allHaveCards = async (channel: Channel, asked: Interaction[]) => {
    expect(asked.filter(({ message }) => !message || message.ephemeral)).toEqual([])
    expect(cardsIn(channel)).toHaveLength(asked.length)
    expect(channel.messages.filter(({ ephemeral }) => ephemeral)).toEqual([])
    const requests = await world.rows('select 1 from requests where channel = $1', [channel.id])
    expect(requests).toHaveLength(asked.length)
  }

  test('both hear all, and each command is answered by one of them', async () => {
    expect(discord.gateway.sessions.count).toBe(2)
    const channel = guild.channel()
    const before = discord.requests.length
    await allHaveCards(channel, await askAll((user) => band.separate({}, { channel, user })))
    const refused = discord.requests.slice(before).filter(({ status }) => status >= 400)
    // The other one came later, and was told so.
    expect(refused.map(({ code }) => code).filter((code) => code !== 40060)).toEqual([])
  })

  test('so is what is answered by words', async () => {
    const channel = guild.channel()
    const asked = await askAll((user) => discord.command(user, channel, 'status', {}))
    for (const { message } of asked) expect(message?.content).toMatch(/nothing under way/)
    expect(channel.messages).toEqual([])
  })

  test('one is killed in the middle: the other goes on, and all is delivered once', {
    timeout: 300_000,
  }, async () => {
    const channel = guild.channel()
    const worker = await world.workerProcess()
    const [first] = bots
    const asked = await askAll(
      (user) => band.separate({}, { channel, user }),
      async () => {
        first?.kill('SIGKILL')
      },
    )
    await allHaveCards(channel, asked)
    const delivered = `select 1 from requests where channel = $1 and state = 'delivered'`
    await until(async () => (await world.rows(delivered, [channel.id])).length === COMMANDS, 250)
    expect(band.mentions(channel)).toHaveLength(COMMANDS)
    for (const card of cardsIn(channel)) expect(card.attachments).toHaveLength(5)
    await killChild(worker)
  })
})

describe('on Slack, by its socket', async () => {
  const band = await createSlackBand({ transport: 'socket' })
  await band.botProcess()
  const first = await band.botProcess()

  test.each(['both', 'one alone'])('%s', async (which) => {
    if (which === 'one alone') await killChild(first)
    const channel = band.workspace.channel()
    await Promise.all(Array.from({ length: 5 }, () => band.separate('', { channel })))
    const shown = () =>
      band.world.rows('select 1 from messages where channel = $1 and message_id is not null', [channel.id])
    await until(async () => (await shown()).length === 5)
    expect(await band.world.rows('select 1 from requests where channel = $1', [channel.id])).toHaveLength(5)
  })
})

describe('in the room', async () => {
  const world = await createWorld({ PORT: '0' })
  const open = async () => {
    const bot = await startBot(world.settings, world.services, world.log)
    world.onClose(() => bot.stop())
    return bot.url
  }
  const [one, two] = [await open(), await open()]

  test('who is at one of them sees what is said and asked at the other', async () => {
    const [ann, ben] = [await enterRoom(one, 'Ann'), await enterRoom(two, 'Ben')]
    const page = await ann.visit()
    await ben.say('hello from the other')
    await ben.say('/separate Artist Title')
    await until(() => page.said().includes('hello from the other'))
    await page.card(({ title }) => title.includes('Title'))
    // Behind one address, a person who entered at one is known at the other.
    const cookie = ann.cookie.replace(new URL(one).port, new URL(two).port)
    const answer = await fetch(`${two}/api/room/rooms/main/events`, { headers: { cookie } })
    expect(answer.status).toBe(200)
    await answer.body?.cancel()
  })
})
