import { afterAll } from 'vitest'
import { slackAccess } from '../../../src/chat/slack/access.ts'
import { openSlackChat } from '../../../src/chat/slack/chat.ts'
import type { Message } from '../../../src/store/messages.ts'
import { claimOnSlack } from '../../support/claim-on-slack.ts'
import { type Channel, type Recorded, startSlack } from '../../support/slack/server.ts'
import { createWorld } from '../../support/world.ts'
import { chatContract } from '../contract.ts'

const MAX_FILE_BYTES = 10 * 1024 ** 2
const READS =
  /^(auth|users|team|bots)\.|^conversations\.(info|history|replies|members)$|^files\.info$|Permalink$/
const changes = ({ method }: Recorded) => !READS.test(method)

async function openSide() {
  const slack = await startSlack()
  afterAll(() => slack.close())
  const workspace = slack.workspace({ maxFileBytes: MAX_FILE_BYTES })
  const world = await createWorld({ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: workspace.token })
  const access = slackAccess(world.settings)
  if (!access) throw new Error('no Slack')
  const { db } = world.services
  const places = new Map<string, Channel>()
  const channelOf = ({ channel }: Pick<Message, 'channel'>) => places.get(channel) as Channel

  return {
    chat: openSlackChat(access, db),
    async request(): Promise<Message> {
      const channel = workspace.channel({ private: true })
      places.set(channel.id, channel)
      const place = { workspace: workspace.id, channel: channel.id, person: workspace.user().id }
      return claimOnSlack(world.services, place)
    },
    messages(of: Message) {
      const seen = channelOf(of).messages.filter(({ ephemeralFor }) => !ephemeralFor)
      // The files of a card are what hangs in its thread.
      return seen
        .filter(({ files }) => files.length === 0)
        .map((message) => ({
          id: message.ts,
          text: JSON.stringify([message.text, message.blocks]),
          files: seen
            .filter(({ threadTs }) => threadTs === message.ts)
            .flatMap(({ files }) => files.map((file) => ({ name: file.name, bytes: slack.bytesOf(file) }))),
          buttons: [...JSON.stringify(message.blocks).matchAll(/"action_id":"([^"]+)"/g)].map(
            ([, id]) => id ?? '',
          ),
          notified: message.notified,
        }))
    },
    told: (of: Message) =>
      channelOf(of)
        .messages.filter(({ ephemeralFor }) => ephemeralFor === of.person)
        .map(({ text }) => text),
    deleteMessage(of: Message) {
      const message = channelOf(of).messages.find(({ ts }) => ts === of.messageId)
      if (message) slack.remove(message)
    },
    shutOut(of: Message) {
      channelOf(of).botIsMember = false
    },
    loseNextAnswer: () =>
      slack.fail({ route: /./, when: changes, times: 1, how: { kind: 'cut', after: true } }),
    failNext: () => slack.fail({ route: /./, when: changes, times: 1, how: { kind: 'status', status: 502 } }),
    truncateNextUpload: () =>
      slack.fail({ route: 'upload', times: 1, how: { kind: 'truncate', bytes: 1000 } }),
    passTime: () => slack.clock.advance(60),
    refuseWord: (word: string) =>
      slack.fail({
        route: /^chat\./,
        when: ({ args }) => JSON.stringify(args).includes(word),
        how: { kind: 'refuse', error: 'invalid_blocks' },
      }),
    maxFileBytes: MAX_FILE_BYTES,
  }
}

chatContract('Slack', openSide)
