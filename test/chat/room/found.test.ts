// What was found for a request, as its room shows it: recordings to choose among, and lists of songs. No worker runs: what it would find
// is put in by hand.
import { describe, expect, test } from 'vitest'
import { startBot } from '../../../src/bot.ts'
import type { RoomMessage } from '../../../src/chat/room/wire.ts'
import type { Recording, Resolved } from '../../../src/domain/recording.ts'
import { settleTrack } from '../../../src/queue/settle.ts'
import { moveRequest } from '../../../src/store/requests.ts'
import { notifyCards } from '../../../src/store/stages.ts'
import { lockTrack } from '../../../src/store/tracks.ts'
import { enterRoom } from '../../support/room-visitor.ts'
import { until } from '../../support/until.ts'
import { createWorld } from '../../support/world.ts'

const ADMIN = 'who-runs-all-of-this'
const SCRIPT = '<img src=x onerror=alert(1)>'

const recording = (id: string, more: Partial<Recording> = {}): Recording => ({
  link: `https://www.youtube.com/watch?v=${id}`,
  title: 'Song',
  channel: 'Band',
  durationSeconds: 301,
  confidence: 0.5,
  reason: null,
  ...more,
})
const CHOICES: Resolved = {
  found: 'choices',
  song: null,
  choices: [
    recording('aaaaaaaaaaa', { title: SCRIPT, reason: 'live' }),
    recording('bbbbbbbbbbb', { durationSeconds: null }),
  ],
}
const spotifyId = (number: number) => String(number).padStart(22, '0')
const listOf = (count: number): Resolved => ({
  found: 'list',
  title: 'Friday',
  owner: 'Ann',
  total: count,
  songs: Array.from({ length: count }, (_, number) => ({
    link: `https://open.spotify.com/track/${spotifyId(1000 + number)}`,
    title: `Song ${number}`,
    artist: 'Band',
    durationSeconds: 200,
    unavailable: null,
  })),
})

describe('what was found, in the room', async () => {
  const world = await createWorld({ PORT: '0', ADMIN_SECRET: ADMIN })
  const { db } = world.services
  const bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  const ann = await enterRoom(bot.url, 'Ann')
  const ben = await enterRoom(bot.url, 'Ben')

  /** The worker's part: the newest request of a room has found this. */
  const find = async (room: string, resolved: Resolved) => {
    const [asked] = await world.rows(
      'select track_id as "trackId" from requests where channel = $1 and parent_id is null order by number desc limit 1',
      [room],
    )
    const trackId = asked?.['trackId'] as string
    await db.transaction(async (tx) => {
      await lockTrack(tx, trackId)
      await tx.query(
        `update stages set state = 'done', fraction = 1, finished_at = now(), folder = 'x', result = $2 where owner = $1 and stage = 'resolve'`,
        [trackId, resolved],
      )
      await settleTrack(tx, world.services, trackId)
    })
  }
  const end = (number: number | null, state: 'delivered' | 'failed') =>
    db.transaction(async (tx) => {
      const { rows } = await tx.query<{ id: string; trackId: string }>(
        'select id, track_id as "trackId" from requests where number = $1',
        [number],
      )
      const error = { code: 'no_match', message: 'No recording of it was found.' }
      await moveRequest(tx, rows[0]?.id ?? '', ['working'], state, state === 'failed' ? error : undefined)
      await notifyCards(tx, rows[0]?.trackId ?? '')
    })

  test('who asked chooses what it is, once; nobody else does', async () => {
    const page = await ann.visit('choose')
    await ann.say(`/separate spotify:track:${spotifyId(1)}`, { room: 'choose' })
    await page.card(({ state }) => state === 'working')
    await find('choose', CHOICES)
    const { chooser, choices, match } = await page.card(({ choices }) => choices.length > 0)
    expect(match).toBeNull()
    expect(choices.map(({ label, detail, link }) => [label, detail, link])).toEqual([
      [`Band - ${SCRIPT}`, '5:01 · live', 'https://www.youtube.com/watch?v=aaaaaaaaaaa'],
      ['Band - Song', '', 'https://www.youtube.com/watch?v=bbbbbbbbbbb'],
    ])
    const value = choices[1]?.value ?? ''
    expect(await ben.press(chooser, 'choose', value)).toMatchObject({
      status: 403,
      error: { code: 'not_yours' },
    })
    for (const other of ['', 'youtube:ccccccccccc', 'x'.repeat(501)])
      expect((await ann.press(chooser, 'choose', other)).status).toBe(400)
    expect((await ann.press(chooser, 'choose', value)).status).toBe(200)
    const chosen = await page.card(({ match }) => match !== null)
    expect(chosen).toMatchObject({
      choices: [],
      match: { label: 'Band - Song', link: 'https://www.youtube.com/watch?v=bbbbbbbbbbb', confidence: null },
    })
    expect(chosen.buttons.map(({ action, label }) => [action, label])).toEqual([
      ['cancel', 'Cancel'],
      ['wrong', 'Wrong song?'],
    ])
    expect(await ann.press(chooser, 'choose', value)).toMatchObject({ error: { code: 'nothing_to_choose' } })
    expect(page.cards()).toHaveLength(1)
  })

  test('who manages the room chooses for others', async () => {
    const page = await ann.visit('chosen')
    await ann.say(`/separate spotify:track:${spotifyId(2)}`, { room: 'chosen' })
    await page.card(({ state }) => state === 'working')
    await find('chosen', CHOICES)
    const { chooser, choices } = await page.card(({ choices }) => choices.length > 0)
    const boss = await enterRoom(bot.url, 'Boss', ADMIN)
    expect((await boss.press(chooser, 'chosen', choices[0]?.value)).status).toBe(200)
    await page.card(({ match }) => match?.label === `Band - ${SCRIPT}`)
  })

  test('a list is one message, which shows how each song stands; a song is one from when it is delivered on', async () => {
    const page = await ann.visit('list')
    await ann.say('/separate https://open.spotify.com/album/0123456789012345678901', { room: 'list' })
    await page.card(({ state }) => state === 'working')
    await find('list', listOf(3))
    const { songs } = await page.card(({ songs }) => songs?.length === 3)
    expect(songs?.map(({ title, state }) => [title, state])).toEqual([
      ['Song 0', 'working'],
      ['Song 1', 'working'],
      ['Song 2', 'working'],
    ])
    await ben.say('said meanwhile', { room: 'list' })
    await until(() => page.said().length === 1)
    const [first, second] = songs ?? []
    await end(second?.number ?? null, 'failed')
    const failed = await page.card(({ songs }) => songs?.[1]?.state === 'failed')
    expect(failed.songs?.[1]?.error).toBe('No recording of it was found.')
    expect(page.cards()).toHaveLength(1)

    await end(first?.number ?? null, 'delivered')
    await page.card(({ number }) => number === first?.number)
    await page.card(({ songs }) => songs?.[0]?.state === 'delivered')
    const orders = [page, await ben.visit('list')].map(({ page }) => [...page.messages.values()])
    for (const messages of orders)
      expect(messages.map((one) => (one.kind === 'said' ? 'said' : one.card.title))).toEqual([
        failed.title,
        'said',
        'Song 0',
      ])
    // It stands where it came, and by that time.
    const times = orders[0]?.map(({ at }) => at)
    expect(times).toEqual(times?.toSorted())
  })

  test('songs of lists are read a page at a time among all the rest, and none is left out or shown twice', async () => {
    const page = await ann.visit('long')
    await ann.say('/separate https://open.spotify.com/playlist/0123456789012345678901', { room: 'long' })
    await page.card(({ state }) => state === 'working')
    await find('long', listOf(50))
    const { songs, title } = await page.card(({ songs }) => songs?.length === 50)
    const expected = [title]
    // Not in the order of the list.
    for (const song of songs?.toReversed() ?? []) {
      await ann.say(`before ${song.title}`, { room: 'long' })
      await end(song.number, 'delivered')
      expected.push(`before ${song.title}`, song.title)
    }
    const shown: string[] = []
    let before = ''
    for (let hasEarlier = true; hasEarlier; ) {
      const answer = await ann.ask(`rooms/long/messages${before}`)
      const told = (await answer.json()) as { messages: RoomMessage[]; hasEarlier: boolean }
      shown.unshift(...told.messages.map((one) => (one.kind === 'said' ? one.text : one.card.title)))
      before = `?before=${told.messages[0]?.id}`
      hasEarlier = told.hasEarlier
    }
    expect(shown).toEqual(expected)
  })
})
