// A band in a Slack channel, the bot that serves it, and workers: everything real but Slack itself and, where a test says so, the tools.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { startBot } from '../../src/bot.ts'
import type { ButtonAction } from '../../src/chat/buttons.ts'
import { openChats } from '../../src/chat/chats.ts'
import { freePort } from './free-port.ts'
import { killChild } from './processes.ts'
import {
  type Channel,
  type Interaction,
  type Message,
  startSlack,
  type User,
  type WorkspaceWish,
} from './slack/server.ts'
import { until } from './until.ts'
import { createWorld } from './world.ts'

export type SlackBand = Awaited<ReturnType<typeof createSlackBand>>

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** @param pace `quick`: messages are edited every second, for tests of something else; Slack's own limits hold in any case */
export async function createSlackBand({
  pace = 'quick',
  transport = 'http',
  workspace: wish = {},
  env = {},
  shareDelaySeconds,
}: {
  pace?: 'quick' | 'real'
  transport?: 'http' | 'socket'
  workspace?: WorkspaceWish
  env?: Record<string, string>
  /** Real time between Slack's word that files are shared and their message. */
  shareDelaySeconds?: number
} = {}) {
  const slack = await startSlack(shareDelaySeconds === undefined ? {} : { shareDelaySeconds })
  const workspace = slack.workspace(wish)
  const access = {
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: workspace.token,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    ...(transport === 'socket' ? { SLACK_APP_TOKEN: slack.appToken } : {}),
    ...env,
  }
  const world = await createWorld(access)
  world.onClose(() => slack.close())
  const channel = workspace.channel({ name: 'rehearsal' })
  const ann = workspace.user({ name: 'ann' })
  const chats = openChats(world.settings, world.services.db).map((chat) =>
    pace === 'real'
      ? chat
      : { ...chat, pacing: { ...chat.pacing, messageSeconds: 1, workspace: { edits: 5, seconds: 1 } } },
  )

  const startBotHere = async () => {
    const bot = await startBot(world.settings, world.services, world.log, { chats })
    world.onClose(() => bot.stop())
    if (transport === 'socket') await slack.sockets.waitFor(1)
    else slack.eventsUrl = `${bot.url}/slack/events`
    return bot
  }

  return {
    world,
    slack,
    workspace,
    channel,
    ann,
    chats,

    /** The bot and a worker in this process. */
    async start() {
      await world.worker({ chats }).decided
      return startBotHere()
    },

    /** The bot alone, for one that was stopped. */
    startBot: startBotHere,

    /** The bot as `npm run bot` starts it, to be killed. */
    async botProcess(): Promise<ChildProcess> {
      const opened = slack.sockets.opened
      const port = transport === 'http' ? await freePort() : 0
      const child = spawn(process.execPath, [MAIN, 'bot'], {
        env: {
          ...process.env,
          ...access,
          PORT: String(port),
          DATABASE_URL: world.url,
          DATA_DIR: world.settings.DATA_DIR,
          LOG_LEVEL: world.settings.LOG_LEVEL,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      world.onClose(() => killChild(child))
      if (transport === 'socket') await until(() => slack.sockets.opened > opened, 20)
      else {
        slack.eventsUrl = `http://127.0.0.1:${port}/slack/events`
        await until(() => slack.verifyUrl().catch(() => false), 20)
      }
      return child
    },

    /** `/separate` with the words of a new song, in any of the workspace's channels. */
    separate: (
      options = '',
      more: { user?: User; channel?: Channel; deliver?: number; apartSeconds?: number } = {},
    ): Promise<Interaction> => {
      const { user = ann, channel: place = channel, ...how } = more
      return slack.command(user, place, `A Song ${randomUUID()} ${options}`, how)
    },

    /** The newest card of a channel, once one is there. */
    card: (place: Channel = channel): Promise<Message> => until(() => cardsIn(place).at(-1)),

    /** Waits until a card says so. */
    says: (card: Message, words: RegExp, withinSeconds = 30) =>
      until(() => words.test(textOf(card)), withinSeconds).catch((error: Error) => {
        throw new Error(`${error.message}\nit says: ${textOf(card)}`)
      }),

    /** Waits until the stems are in the thread and the card says so. @returns the message with the stems */
    async delivered(card: Message, withinSeconds = 40): Promise<Message> {
      const seen = () => filesOf(card).at(-1)
      await until(() => seen() && isDelivered(card), withinSeconds).catch((error: Error) => {
        throw new Error(
          `${error.message}\nit says: ${textOf(card)}\n${JSON.stringify(slack.requests.slice(-5))}`,
        )
      })
      return seen() as Message
    },

    /** Waits until a stage of the channel's request has handed its result off. */
    stageIsDone: (place: Channel, stage: string) =>
      until(async () => {
        const rows = await world.rows(
          `select 1 from stages s join requests r on r.track_id = s.track_id where r.channel = $1 and s.stage = $2 and s.state = 'done'`,
          [place.id, stage],
        )
        return rows.length > 0
      }),
  }
}

/** Of the bot's own, at the top of a channel. */
export function cardsIn(channel: Channel): Message[] {
  return channel.messages.filter(
    ({ botId, ephemeralFor, threadTs }) => botId !== undefined && !ephemeralFor && threadTs === undefined,
  )
}

/** The messages with files in a card's thread. */
export function filesOf({ channel, ts }: Message): Message[] {
  return channel.thread(ts).filter(({ files }) => files.length > 0)
}

/** Everything in a channel that really called somebody. */
export function mentionsIn(channel: Channel): Message[] {
  return channel.messages.filter(({ botId, notified }) => botId !== undefined && notified.length > 0)
}

export function textOf(card: Message): string {
  return [card.text, ...JSON.stringify(card.blocks).matchAll(/"(?:text|title)":"((?:[^"\\]|\\.)*)"/g)]
    .map((part) => (typeof part === 'string' ? part : JSON.parse(`"${part[1]}"`)))
    .join('\n')
}

function isDelivered(card: Message): boolean {
  return card.text.endsWith(': the stems are here')
}

/** The id of a card's button, or of its menu. */
export function buttonOf(card: Message, action: ButtonAction): string {
  const id = idOf(card, action)
  if (!id) throw new Error(`no ${action} button: ${JSON.stringify(card.blocks)}`)
  return id
}

export function hasButton(card: Message, action: ButtonAction): boolean {
  return idOf(card, action) !== undefined
}

function idOf(card: Message, action: ButtonAction): string | undefined {
  return new RegExp(`"action_id":"(${action}:[^"]+)"`).exec(JSON.stringify(card.blocks))?.[1]
}
