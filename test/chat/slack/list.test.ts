// An album or a playlist on Slack: one card that tells of its songs, and a card with stems for each.
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Resolved } from '../../../src/domain/recording.ts'
import type { Channel, Message } from '../../support/slack/server.ts'
import {
  buttonOf,
  cardsIn,
  createSlackBand,
  filesOf,
  hasButton,
  mentionsIn,
  textOf,
} from '../../support/slack-band.ts'
import { until } from '../../support/until.ts'

const listOf = (titles: string[], dead?: string): Resolved => ({
  found: 'list',
  title: 'Best of <!here>',
  owner: 'Band',
  total: titles.length,
  songs: titles.map((title) => ({
    link:
      title === dead
        ? null
        : `https://www.youtube.com/watch?v=${randomUUID().replaceAll('-', '').slice(0, 11)}`,
    title,
    artist: 'Band',
    durationSeconds: 30,
    unavailable: title === dead ? 'a local file' : null,
  })),
})
const playlist = () => `https://www.youtube.com/playlist?list=PL${randomUUID().replaceAll('-', '')}`
const linesOf = (card: Message) =>
  textOf(card)
    .split('\n')
    .filter((line) => /^[✗▸·–✓] /.test(line))

describe('a list on Slack', async () => {
  const band = await createSlackBand()
  const { slack, workspace, world, ann } = band
  await band.start()
  beforeEach(() => slack.clock.advance(60))
  const ask = async (channel: Channel) => {
    await slack.command(ann, channel, playlist())
    const card = await band.card(channel)
    await until(() => linesOf(card).length > 0)
    return card
  }

  test('has a card for all, and stems for each song; the person is mentioned once', async () => {
    const channel = workspace.channel()
    await world.script({ resolve: [{ do: 'succeed', found: listOf(['One', 'Two', 'Gone'], 'Gone') }] })
    const card = await ask(channel)
    await until(() => /: 2 of 3 delivered, 1 failed$/.test(card.text), 60)
    await until(() => mentionsIn(channel).length > 0)
    expect(linesOf(card)).toEqual([
      expect.stringMatching(/^✓ #\d+ Song$/),
      expect.stringMatching(/^✓ #\d+ Song$/),
      '✗ Gone: It is a local file.',
    ])
    const songs = cardsIn(channel).filter((one) => one !== card)
    expect(songs).toHaveLength(2)
    for (const song of songs) {
      await band.delivered(song)
      expect(filesOf(song)).toMatchObject([{ text: '', notified: [], files: { length: 4 } }])
    }
    expect(filesOf(card)).toEqual([])
    expect(mentionsIn(channel)).toMatchObject([{ threadTs: card.ts, notified: [ann.id] }])
  })

  test('is cancelled as a whole', async () => {
    const channel = workspace.channel()
    await world.script({
      resolve: [{ do: 'succeed', found: listOf(['One', 'Two', 'Three']) }],
      download: [{ do: 'succeed', seconds: 60 }],
    })
    const card = await ask(channel)
    await slack.press(ann, card, buttonOf(card, 'cancel'))
    await until(() => /: cancelled$/.test(card.text))
    await until(() => linesOf(card).every((line) => line.startsWith('– #')))
    expect(cardsIn(channel)).toEqual([card])
    expect(hasButton(card, 'retry')).toBe(true)
    await until(async () => (await world.rows(`select 1 from stages where state = 'running'`)).length === 0)
  })
})
