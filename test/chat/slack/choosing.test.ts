// Which recording it is, asked and answered on Slack: a menu to choose in, and a form for the link of the right one.
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Recording, Resolved } from '../../../src/domain/recording.ts'
import type { Channel, Message } from '../../support/slack/server.ts'
import {
  buttonOf,
  cardsIn,
  createSlackBand,
  filesOf,
  hasButton,
  mentionsIn,
  type SlackBand,
  textOf,
} from '../../support/slack-band.ts'
import { until } from '../../support/until.ts'

const videoId = () => randomUUID().replaceAll('-', '').slice(0, 11)
const recording = (id: string, title: string, more: Partial<Recording> = {}): Recording => ({
  link: `https://www.youtube.com/watch?v=${id}`,
  title,
  channel: 'Band',
  durationSeconds: 213,
  confidence: 0.4,
  reason: null,
  ...more,
})

/** A card that asks which of three recordings it is. */
async function asking(band: SlackBand, channel: Channel): Promise<{ card: Message; ids: string[] }> {
  const ids = [videoId(), videoId(), videoId()]
  const [studio = '', live = '', cover = ''] = ids
  const found: Resolved = {
    found: 'choices',
    song: null,
    choices: [
      recording(studio, 'Song <!channel>'),
      recording(live, 'Song | Live', { reason: 'live', durationSeconds: 250 }),
      recording(cover, 'Song', { channel: null, durationSeconds: null }),
    ],
  }
  await band.world.script({ resolve: [{ do: 'succeed', found }] })
  await band.separate('', { channel })
  const card = await band.card(channel)
  await until(() => hasButton(card, 'choose'))
  return { card, ids }
}

describe.each(['http', 'socket'] as const)('which one is it, by %s', async (transport) => {
  const band = await createSlackBand({ transport })
  const { slack, workspace, world, ann } = band
  let bot = await band.start()
  beforeEach(() => slack.clock.advance(60))
  const boss = workspace.user({ name: 'boss', admin: true })
  const eve = workspace.user({ name: 'eve' })
  const choose = async (user: typeof ann, card: Message, id: string | undefined) => {
    const pressed = await slack.press(user, card, buttonOf(card, 'choose'), { values: [`youtube:${id}`] })
    expect(await pressed.answer).toMatchObject({ status: 200 })
    return pressed
  }
  const sourceIn = async (channel: Channel) => {
    const [row] = await world.rows(
      'select t.source, r.match, r.state from requests r join tracks t on t.id = r.track_id where r.channel = $1 order by r.number desc limit 1',
      [channel.id],
    )
    return row
  }

  test('the card lists what was found, and goes on with what its asker chooses', async () => {
    const channel = workspace.channel()
    const { card, ids } = await asking(band, channel)
    expect(card.text).toMatch(/: which one is it\?$/)
    expect(textOf(card)).toContain(
      `2. <https://www.youtube.com/watch?v=${ids[1]}|Band - Song ¦ Live> · 4:10 · live`,
    )
    const { ackedAfterMs } = await (await choose(ann, card, ids[1])).answer
    expect(ackedAfterMs).toBeLessThan(1500)
    // Saved before it was acknowledged.
    expect(await sourceIn(channel)).toMatchObject({
      source: { kind: 'site', site: 'youtube' },
      match: { title: 'Song | Live', confidence: null },
    })
    await band.delivered(card)
    expect(textOf(card)).toContain(`Sound: <https://www.youtube.com/watch?v=${ids[1]}|Band - Song ¦ Live>\n`)
    expect(hasButton(card, 'choose')).toBe(false)
    expect(mentionsIn(channel)).toEqual(filesOf(card))
  })

  test('only its asker and who manages the workspace may choose, and once', async () => {
    const channel = workspace.channel()
    const { card, ids } = await asking(band, channel)
    const stranger = await choose(eve, card, ids[0])
    await until(() => stranger.told.some(({ text }) => /Only the person who asked/.test(text)))
    expect(await sourceIn(channel)).toMatchObject({ source: { kind: 'search' }, state: 'working' })
    // The card as it was, to be pressed once more when it has gone on.
    const before = structuredClone(card.blocks)
    await choose(boss, card, ids[0])
    await band.delivered(card)
    const stale = slack.say(ann, channel, 'as it was')
    stale.blocks = before
    const late = await choose(ann, stale, ids[2])
    await until(() => late.told.some(({ text }) => /nothing to choose any more/.test(text)))
    expect(await sourceIn(channel)).toMatchObject({ match: { title: 'Song <!channel>' } })
  })

  test('a choice that is told of twice is made once', async () => {
    const channel = workspace.channel()
    const { card, ids } = await asking(band, channel)
    const values = [`youtube:${ids[0]}`]
    const pressed = await slack.press(ann, card, buttonOf(card, 'choose'), { values, deliver: 2 })
    for (const delivery of pressed.deliveries) expect(await delivery).toMatchObject({ status: 200 })
    await band.delivered(card)
    expect(pressed.told).toEqual([])
    expect(filesOf(card)).toHaveLength(1)
  })

  test('what is chosen after a restart of the bot is chosen', async () => {
    const channel = workspace.channel()
    const { card, ids } = await asking(band, channel)
    await bot.stop()
    // Slack may still hold the connection that is being closed.
    await slack.sockets.waitFor(0)
    bot = await band.startBot()
    await choose(ann, card, ids[2])
    await band.delivered(card)
    expect(await sourceIn(channel)).toMatchObject({ state: 'delivered' })
  })

  test('cancelled while it asks, it asks no more', async () => {
    const channel = workspace.channel()
    const { card } = await asking(band, channel)
    await slack.press(ann, card, buttonOf(card, 'cancel'))
    await until(() => !hasButton(card, 'choose'))
    expect(card.text).toMatch(/: cancelled$/)
  })

  test('the wrong song: a form asks for the right one, which gets a card of its own', async () => {
    const channel = workspace.channel()
    await world.script({})
    await band.separate('stems=vocals format=wav', { channel })
    const card = await band.card(channel)
    await band.delivered(card)
    expect(textOf(card)).toMatch(/Sound: <https:\/\/www\.youtube\.com\/[^|]+\|Band - Song> · 93 % sure/)

    const stranger = await slack.press(eve, card, buttonOf(card, 'wrong'))
    await until(() => stranger.told.some(({ text }) => /Only the person who asked/.test(text)))
    expect(stranger.view()).toBeUndefined()

    const pressed = await slack.press(ann, card, buttonOf(card, 'wrong'), { deliver: 2 })
    for (const delivery of pressed.deliveries) expect(await delivery).toMatchObject({ status: 200 })
    const view = await until(() => pressed.view())
    expect(view.content).toMatchObject({ title: { text: 'Wrong song?' }, callback_id: 'wrong' })
    expect(view.blocks.map((block) => block['block_id'])).toEqual(['song'])

    const bad = await slack.submit(ann, view, { song: 'file:///etc/passwd' })
    await bad.answer
    expect(view).toMatchObject({
      isOpen: true,
      errors: { song: expect.stringMatching(/Only http and https/) },
    })

    const id = videoId()
    const sent = await slack.submit(ann, view, { song: `https://youtu.be/${id}?t=3` })
    expect((await sent.answer).ackedAfterMs).toBeLessThan(1500)
    expect(view.isOpen).toBe(false)
    const right = await until(() => cardsIn(channel).find((one) => one !== card))
    const files = await band.delivered(right)
    expect(files.files.map(({ name }) => name)).toEqual(['Band-Song-vocals.wav'])
    expect(await sourceIn(channel)).toMatchObject({ source: { kind: 'site', site: 'youtube' }, match: null })
    expect(hasButton(right, 'wrong')).toBe(false)
    expect(filesOf(card)).toHaveLength(1)
    expect(pressed.told).toEqual([])
  })

  test('where no form can be opened, it says how that is typed', async () => {
    const channel = workspace.channel()
    await world.script({})
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.delivered(card)
    const fault = slack.fail({ route: 'views.open', how: { kind: 'status', status: 503 } })
    const pressed = await slack.press(ann, card, buttonOf(card, 'wrong'))
    await until(() => pressed.told.some(({ text }) => /\/separate wrong/.test(text)))
    fault.remove()
  })
})
