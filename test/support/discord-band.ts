// A band in a Discord channel, the bot that serves it, and workers: everything real but Discord itself and, where a test says so, the tools.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startBot } from '../../src/bot.ts'
import { openChats } from '../../src/chat/chats.ts'
import { type Channel, type Interaction, type Message, startDiscord, type User } from './discord/server.ts'
import { killChild } from './processes.ts'
import { until } from './until.ts'
import { createWorld } from './world.ts'

export type DiscordBand = Awaited<ReturnType<typeof createDiscordBand>>

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** @param pace `quick`: messages are edited every second, for tests of something else; Discord's own limits hold in any case */
export async function createDiscordBand(pace: 'quick' | 'real' = 'quick', env: Record<string, string> = {}) {
  const discord = await startDiscord()
  const access = {
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
  }
  const world = await createWorld({ ...access, ...env })
  world.onClose(() => discord.close())
  const guild = discord.guild()
  const room = guild.channel()
  const ann = discord.user({ name: 'ann' })

  const listening = () =>
    until(() => discord.gateway.sessions.count > 0 && discord.registered().length > 0, 20)

  const separate = (
    options: Record<string, unknown> = {},
    more: { user?: User; channel?: Channel; name?: string; sizeLimitBytes?: number } = {},
  ): Promise<Interaction> => {
    const { user = ann, channel = room, name = 'song.flac', sizeLimitBytes } = more
    const file = { name, bytes: Buffer.from('fLaC, as far as the scripted tool cares') }
    const limit = sizeLimitBytes === undefined ? {} : { attachmentSizeLimit: sizeLimitBytes }
    const given = 'song' in options ? {} : { file }
    return discord.command(user, channel, 'separate', options, { ...given, ...limit })
  }

  const chats = openChats(world.settings, world.services.db).map((chat) =>
    pace === 'real' ? chat : { ...chat, pacing: { ...chat.pacing, messageSeconds: 1, firstSeconds: 0.2 } },
  )
  const startBotHere = async () => {
    const before = discord.gateway.sessions.identifies
    const bot = await startBot(world.settings, world.services, world.log, { chats })
    world.onClose(() => bot.stop())
    await until(() => discord.gateway.sessions.identifies > before, 20)
    await listening()
    return bot
  }

  return {
    world,
    discord,
    guild,
    channel: room,
    ann,

    /** The bot in this process. */
    bot: startBotHere,

    /** The bot and a worker in this process. */
    async start() {
      const bot = await startBotHere()
      await world.worker({ chats }).decided
      return bot
    },

    /** The bot as `npm run bot` starts it, to be killed. */
    async botProcess(more: Record<string, string> = {}): Promise<ChildProcess> {
      const before = discord.gateway.sessions.identifies
      const child = spawn(process.execPath, [MAIN, 'bot'], {
        env: {
          ...process.env,
          ...access,
          ...env,
          DATABASE_URL: world.url,
          DATA_DIR: world.settings.DATA_DIR,
          LOG_LEVEL: world.settings.LOG_LEVEL,
          ...more,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      world.onClose(() => killChild(child))
      await until(() => discord.gateway.sessions.identifies > before, 20)
      await listening()
      return child
    },

    /** `/separate` with a new file of audio unless a song is named, in any of the band's channels. */
    separate,

    /** The message that answered a command, once it is there. */
    async shown(interaction: Interaction): Promise<Message> {
      const answer = await interaction.answer
      expect(answer?.type, String(answer?.data['content'])).toBe(4)
      if (!answer?.message) throw new Error('no message')
      return answer.message
    },

    /** Waits until a card says so. */
    says: (message: Message, words: RegExp, withinSeconds = 30) =>
      until(() => words.test(textOf(message)), withinSeconds).catch((error: Error) => {
        throw new Error(`${error.message}\nit says: ${textOf(message)}`)
      }),

    /** Waits until the request behind a message has ended and its last card is shown. */
    async delivered(message: Message, withinSeconds = 40): Promise<void> {
      await until(() => isGreen(message), withinSeconds).catch((error: Error) => {
        throw new Error(`${error.message}\nit says: ${textOf(message)}`)
      })
    },

    /** Replies of the bot that really called somebody. */
    mentions: (channel: Channel = room) =>
      channel.messages.filter(
        ({ deleted, author, mentionsNotified }) => !deleted && author.bot && mentionsNotified.length > 0,
      ),

    /** Waits until a stage of the channel's request has handed its result off. */
    stageIsDone: (channel: Channel, stage: string) =>
      until(async () => {
        const rows = await world.rows(
          `select 1 from stages s join requests r on r.track_id = s.track_id where r.channel = $1 and s.stage = $2 and s.state = 'done'`,
          [channel.id, stage],
        )
        return rows.length > 0
      }),
  }
}

const GREEN = 0x2ecc71

export function isGreen(message: Message): boolean {
  return (message.embeds[0] as { color?: number } | undefined)?.color === GREEN
}

export function textOf(message: Message): string {
  const [embed] = message.embeds as { title?: string; description?: string; footer?: { text: string } }[]
  return [message.content, embed?.title, embed?.description, embed?.footer?.text].filter(Boolean).join('\n')
}

/** Of the bot's own: every message that is there and not one person's alone. */
export function cardsIn(channel: Channel): Message[] {
  return channel.messages.filter(
    ({ deleted, ephemeral, embeds }) => !deleted && !ephemeral && embeds.length > 0,
  )
}

export function stemsOf(message: Message): string[] {
  return message.attachments.map(({ filename }) => filename)
}
