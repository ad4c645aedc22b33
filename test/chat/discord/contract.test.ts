import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openDiscordChat } from '../../../src/chat/discord/chat.ts'
import type { Message } from '../../../src/store/messages.ts'
import { cardFor } from '../../support/card.ts'
import { type Channel, type Discord, startDiscord } from '../../support/discord/server.ts'
import { NEW_MESSAGE } from '../../support/new-message.ts'
import { chatContract } from '../contract.ts'

async function openSide() {
  const discord = await startDiscord()
  afterAll(() => discord.close())
  const { apiUrl, token, applicationId } = discord
  const chat = openDiscordChat({ apiUrl, token, applicationId })
  const places = new Map<string, Channel>()
  let number = 0
  const channelOf = ({ channel }: Message) => places.get(channel) as Channel

  return {
    chat,
    request: (): Message => requestIn(discord, places, ++number),
    messages: (of: Message) =>
      channelOf(of)
        .messages.filter(({ deleted, ephemeral }) => !deleted && !ephemeral)
        .map((message) => ({
          id: message.id,
          text: JSON.stringify([message.content, message.embeds]),
          files: message.attachments.map((one) => ({ name: one.filename, bytes: discord.bytesOf(one) })),
          buttons: buttonsOf(message.components),
          notified: message.mentionsNotified,
        })),
    told: (of: Message) => discord.dm(of.person).messages.map(({ content }) => content),
    deleteMessage: (of: Message) => channelOf(of).delete(messageOf(channelOf(of), of)),
    shutOut(of: Message) {
      channelOf(of).permissions = 0n
    },
    loseNextAnswer: () =>
      discord.fail({
        route: /./,
        when: ({ method }) => method !== 'GET',
        times: 1,
        how: { kind: 'cut', after: true },
      }),
    failNext: () =>
      discord.fail({
        route: /./,
        when: ({ method }) => method !== 'GET',
        times: 1,
        how: { kind: 'status', status: 502 },
      }),
    truncateNextUpload: () =>
      discord.fail({ method: 'PATCH', route: /./, times: 1, how: { kind: 'truncate', bytes: 1000 } }),
    passTime: () => discord.clock.advance(10),
    refuseWord: (word: string) => discord.block(new RegExp(word)),
    maxFileBytes: 10 * 1024 ** 2,
  }
}

function requestIn(discord: Discord, places: Map<string, Channel>, number: number): Message {
  const channel = discord.guild().channel()
  places.set(channel.id, channel)
  return {
    requestId: randomUUID(),
    number,
    trackId: randomUUID(),
    requestState: 'working',
    platform: 'discord',
    app: discord.applicationId,
    workspace: channel.guild?.id ?? '',
    channel: channel.id,
    person: discord.user().id,
    messageId: null,
    ...NEW_MESSAGE,
    postBegunAt: new Date(),
    postBegunForMs: 60_000,
    state: 'open',
    postAfter: new Date(),
    postInMs: 0,
    plain: false,
    shown: null,
    editedAt: null,
    createdAt: new Date(),
  }
}

function messageOf(channel: Channel, { messageId }: Message) {
  const found = channel.messages.find(({ id }) => id === messageId)
  if (!found) throw new Error('no such message')
  return found
}

function buttonsOf(components: unknown): string[] {
  return [...JSON.stringify(components).matchAll(/"custom_id":"([^"]+)"/g)].map(([, id]) => id ?? '')
}

chatContract('Discord', openSide)

describe('Discord beyond the contract', async () => {
  const { chat, request, messages } = await openSide()

  test('a card posted once more within minutes is the same message', async () => {
    const message = request()
    const id = await chat.post(message, cardFor(message))
    expect(await chat.post(message, cardFor(message))).toBe(id)
    expect(messages(message)).toHaveLength(1)
  })
})
