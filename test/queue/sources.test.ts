// Songs that are not named by their recording: what they turn out to be, and where their requests go on.
import { describe, expect, test } from 'vitest'
import { cardOf } from '../../src/domain/card.ts'
import { parseLink } from '../../src/domain/link.ts'
import { parseSong, searchSource } from '../../src/domain/parse-song.ts'
import type { Recording, Resolved } from '../../src/domain/recording.ts'
import type { Song } from '../../src/domain/song.ts'
import { attachmentSource, type Source } from '../../src/domain/source.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { chooseRecording } from '../../src/queue/choose.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { retryRequest } from '../../src/queue/retry.ts'
import { removeUnasked } from '../../src/stages/expiry.ts'
import { readCard } from '../../src/store/cards.ts'
import { circuitOpenUntil, forgetCircuit, openCircuit } from '../../src/store/circuits.ts'
import { findRequest, songsAskedHere, songsOf } from '../../src/store/requests.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

let lastId = 0
/** A track of Spotify's that nobody has asked for yet. */
const spotify = () => parseLink(`spotify:track:${String(++lastId).padStart(22, '0')}`)
const video = (name: string) => `https://www.youtube.com/watch?v=${name.padEnd(11, '_')}`
const song: Song = {
  title: 'Wanted',
  artist: 'Band',
  artists: ['Band'],
  album: null,
  isrc: null,
  durationSeconds: 30,
  coverUrl: null,
  link: null,
  explicit: null,
  year: null,
}
const recording = (name: string, more: Partial<Recording> = {}): Recording => ({
  link: video(name),
  title: name,
  channel: 'Band',
  durationSeconds: 30,
  confidence: 0.9,
  reason: null,
  ...more,
})
const found = (name: string): Resolved => ({
  found: 'recording',
  song,
  recording: recording(name),
  others: [],
})
const choices = (...names: string[]): Resolved => ({
  found: 'choices',
  song,
  choices: names.map((name) => recording(name, { confidence: 0.4, reason: 'live' })),
})
const listOf = (...links: (string | null)[]): Resolved => ({
  found: 'list',
  title: 'The List',
  owner: 'Owner',
  total: links.length + 70,
  songs: links.map((link, place) => ({
    link,
    title: `Song ${place + 1}`,
    artist: 'Band',
    durationSeconds: 30,
    unavailable: link === null ? 'a local file' : null,
  })),
})
const youtubeList = (id: string) => parseLink(`https://www.youtube.com/playlist?list=PL${id.padEnd(16, '0')}`)

describe('resolving', async () => {
  const world = await createWorld()
  const { services } = world
  const retryDeps = { ...services, maxOpenRequests: 40, doors: world.settings.SOURCES }
  await world.script({})
  await world.worker().decided
  const resolvesTo = (...resolved: Resolved[]) =>
    world.script({ resolve: [...calls, ...resolved].map((one) => ({ do: 'succeed', found: one })) })
  /** Answers that were given before: the scripted tool counts its calls. */
  const calls: Resolved[] = []
  const ask = async (source: Source, resolved: Resolved, wish: Parameters<typeof world.ask>[1] = {}) => {
    await resolvesTo(resolved)
    calls.push(resolved)
    return (await world.ask(source, wish)).request
  }
  const card = async ({ id }: { id: string }) => {
    const facts = await readCard(services.db, id)
    if (!facts) throw new Error('no card')
    return cardOf(facts, new Date())
  }
  const asked = (request: { id: string }) =>
    until(async () => ((await card(request)).choices.length > 0 ? card(request) : undefined))

  test('a song goes on with its recording, whose name, link and likeliness its card says', async () => {
    const request = await ask(spotify(), found('one'))
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(await card(request)).toMatchObject({
      match: { label: 'Band - one', link: video('one'), confidence: 90 },
      actions: ['cancel', 'wrong'],
    })
    expect((await card(request)).lines[0]).toMatchObject({ label: 'Search', state: 'done' })
  })

  test('a Spotify track, its recording and its short link share the stems, without asking anybody again', async () => {
    const track = spotify()
    const first = await ask(track, found('shared'))
    await world.ended(first)
    const before = (await world.calls()).length
    const again = await world.ask(track, { person: 'bob' })
    const byLink = await world.ask(parseLink(video('shared')), { person: 'cyd' })
    for (const { request } of [again, byLink]) {
      expect(await world.ended(request)).toMatchObject({ state: 'ready' })
      expect(request.separationId).toBe((await findRequest(services.db, first.id))?.separationId)
    }
    expect((await world.calls()).slice(before)).toEqual([])
    expect((await card(again.request)).match).toMatchObject({ confidence: 90 })
    expect((await card(byLink.request)).match).toBeNull()
  })

  test('the same command within 300 s is the same, before and after the recording is found', async () => {
    const track = spotify()
    const first = await ask(track, found('twice'))
    expect(await world.ask(track)).toMatchObject({ standing: 'same', request: { id: first.id } })
    await world.ended(first)
    expect(await world.ask(track)).toMatchObject({ standing: 'same', request: { id: first.id } })
  })

  test('a catalogue knows best what a song is called, whoever came first', async () => {
    const first = await world.ask(parseLink(video('named')))
    await world.ended(first.request)
    await world.rows(`update tracks set title = 'Wanted (Official Video)' where id = $1`, [
      first.request.trackId,
    ])
    const second = await ask(spotify(), found('named'), { person: 'bob' })
    expect(await world.ended(second)).toMatchObject({ state: 'ready' })
    expect(await card(second)).toMatchObject({ title: 'Wanted', artist: 'Band' })
  })

  test('equal sound under other names is one recording: the second goes on with what is there', async () => {
    const sound = { do: 'succeed', sound: 'the very same' }
    await world.script({ download: [...Array(20).fill(sound)] })
    const first = (await world.ask(parseLink('https://one.example/a.flac'))).request
    await world.ended(first)
    const before = (await world.calls()).filter((tool) => tool === 'separate').length
    const second = (await world.ask(parseLink('https://two.example/b.wav'), { person: 'bob' })).request
    expect(await world.ended(second)).toMatchObject({ state: 'ready' })
    expect((await findRequest(services.db, second.id))?.trackId).toBe(first.trackId)
    expect((await world.calls()).filter((tool) => tool === 'separate')).toHaveLength(before)
    // From now on the other name leads there at once.
    const third = await world.ask(parseLink('https://two.example/b.wav'), { person: 'cyd' })
    expect(third.request.trackId).toBe(first.trackId)
    await world.script({})
  })

  test('where it is not sure, the person chooses; nothing is fetched before', async () => {
    const request = await ask(spotify(), choices('live', 'studio'))
    const shown = await asked(request)
    expect(shown).toMatchObject({
      title: 'Wanted',
      state: 'working',
      secondsLeft: null,
      choices: [
        { label: 'Band - live', detail: '0:30 · live', value: 'youtube:live_______' },
        { label: 'Band - studio' },
      ],
    })
    expect(await chooseRecording(services, request.id, 'youtube:nothing____')).toBe(false)
    expect(await chooseRecording(services, request.id, 'youtube:studio_____')).toBe(true)
    expect(await chooseRecording(services, request.id, 'youtube:live_______')).toBe(false)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await card(request)).match).toEqual({
      label: 'Band - studio',
      link: video('studio'),
      confidence: null,
    })
  })

  test('each of two people chooses for themselves', async () => {
    const track = spotify()
    const ann = await ask(track, choices('a', 'b'))
    await asked(ann)
    const bob = (await world.ask(track, { person: 'bob' })).request
    await asked(bob)
    await chooseRecording(services, ann.id, 'youtube:a__________')
    await world.ended(ann)
    expect((await card(bob)).choices).toHaveLength(2)
    await cancelRequest(services, bob.id)
    expect(await world.ended(bob)).toMatchObject({ state: 'cancelled' })
  })

  test('who does not choose within a day is told so', async () => {
    const request = await ask(spotify(), choices('x', 'y'))
    await asked(request)
    await world.rows(`update requests set created_at = now() - interval '25 hours' where id = $1`, [
      request.id,
    ])
    await world.rows(`update stages set finished_at = now() - interval '25 hours' where track_id = $1`, [
      request.trackId,
    ])
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'not_chosen' })
  })

  test('a short link leads to what it names; to a closed door or elsewhere it leads nowhere', async () => {
    const short = () => parseLink(`https://spotify.link/abc${++lastId}`)
    const request = await ask(short(), { found: 'link', link: video('target') })
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await card(request)).match).toBeNull()
    const elsewhere = await ask(short(), { found: 'link', link: 'http://169.254.169.254/x' })
    expect(await world.ended(elsewhere)).toMatchObject({ state: 'failed', code: 'unsupported_link' })
    const closed = await ask(short(), { found: 'link', link: 'https://vimeo.com/76979871' })
    expect(await world.ended(closed)).toMatchObject({ state: 'failed', code: 'source_closed' })
  })

  test('a list: a request a song, in its order, with one summary; the dead one does not hold up the others', async () => {
    const names = ['l1', 'l2', 'dead', 'l4']
    await world.script({
      resolve: [
        ...calls.map((one) => ({ do: 'succeed', found: one })),
        { do: 'succeed', found: listOf(...names.map(video), null) },
      ],
      download: [{ do: 'succeed' }],
    })
    calls.push(listOf(...names.map(video), null))
    const { request } = await world.ask(youtubeList('A'))
    await until(async () => (await songsOf(services.db, request.id)).length > 0)
    const songs = await songsOf(services.db, request.id)
    expect(songs.map(({ number }) => number)).toEqual(songs.map((_, place) => request.number + 1 + place))
    for (const each of songs) await world.ended(each)
    // As a terminal does that takes the stems out.
    await world.rows(`update requests set state = 'delivered' where parent_id = $1 and state = 'ready'`, [
      request.id,
    ])
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const shown = await card(request)
    expect(shown).toMatchObject({ title: 'The List', artist: 'Owner', lines: [] })
    expect(shown.songs?.map(({ title, state }) => [title, state])).toEqual([
      ['Song', 'delivered'],
      ['Song', 'delivered'],
      ['Song', 'delivered'],
      ['Song', 'delivered'],
      ['Song 5', 'failed'],
    ])
    expect(shown.notes.slice(-2)).toEqual([
      'Only its first 5 songs are taken: 70 more are left out.',
      '4 of 5 delivered, 1 failed',
    ])
    expect(shown.songs?.at(-1)?.error).toBe('It is a local file.')
  })

  test('a list in which nothing can be fetched fails; one in which nothing could be delivered too', async () => {
    const empty = await ask(youtubeList('B'), listOf(null, null))
    expect(await world.ended(empty)).toMatchObject({ state: 'failed', code: 'list_empty' })
    await world.script({
      resolve: [
        ...calls.map((one) => ({ do: 'succeed', found: one })),
        { do: 'succeed', found: listOf(video('gone1'), video('gone2')) },
      ],
      download: [{ do: 'error', code: 'source_unavailable', retryable: false }],
    })
    calls.push(listOf(video('gone1'), video('gone2')))
    const { request } = await world.ask(youtubeList('C'))
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'list_failed' })
    await world.script({})
    expect(await retryRequest(retryDeps, request.id)).toBe(true)
    for (const each of await songsOf(services.db, request.id)) await world.ended(each)
    expect((await songsOf(services.db, request.id)).map(({ state }) => state)).toEqual(['ready', 'ready'])
  })

  test('cancelling a list cancels its songs; a song tried again takes its list along', async () => {
    await world.script({
      resolve: [
        ...calls.map((one) => ({ do: 'succeed', found: one })),
        { do: 'succeed', found: listOf(video('c1'), video('c2')) },
      ],
      download: [{ do: 'stall' }],
    })
    calls.push(listOf(video('c1'), video('c2')))
    const { request } = await world.ask(youtubeList('D'))
    await until(async () => (await songsOf(services.db, request.id)).length > 0)
    const [first] = await songsOf(services.db, request.id)
    await world.running(first?.trackId ?? '', 'download')
    expect(await cancelRequest(services, request.id)).toBe(true)
    expect((await songsOf(services.db, request.id)).map(({ state }) => state)).toEqual([
      'cancelled',
      'cancelled',
    ])
    expect(
      await world.rows(
        'select 1 from stages s join requests r on r.track_id = s.owner where r.parent_id = $1 and s.state <> $2',
        [request.id, 'done'],
      ),
    ).toEqual([])
    await world.script({})
    expect(await retryRequest(retryDeps, first?.id ?? '')).toBe(true)
    expect((await findRequest(services.db, request.id))?.state).toBe('working')
    expect(await world.ended({ id: first?.id ?? '' })).toMatchObject({ state: 'ready' })
  })

  test('a song of a list that is not sure is not asked about; a list of which some failed can be tried again', async () => {
    const unsure = spotify() as Extract<Source, { kind: 'spotify' }>
    const list = listOf(video('sure'), `spotify:track:${unsure.trackId}`)
    await world.script({
      resolve: [...calls, list, choices('u1', 'u2')].map((one) => ({ do: 'succeed', found: one })),
    })
    calls.push(list, choices('u1', 'u2'))
    const { request } = await world.ask(youtubeList('F'))
    const songs = await until(async () => {
      const all = await songsOf(services.db, request.id)
      return all.length === 2 && all.every(({ state }) => state !== 'working') ? all : undefined
    }, 30)
    expect(songs.map(({ state, errorCode }) => [state, errorCode])).toEqual([
      ['ready', null],
      ['failed', 'unsure'],
    ])
    await world.rows(`update requests set state = 'delivered' where id = $1`, [songs[0]?.id])
    await world.ended(request)
    await world.rows(`update requests set state = 'delivered' where id = $1`, [request.id])
    expect((await card(request)).actions).toEqual(['retry'])
    await world.script({})
    expect(await retryRequest(retryDeps, request.id)).toBe(true)
    expect(await card(request)).toMatchObject({ state: 'working', songs: [{}, {}] })
    await cancelRequest(services, request.id)
  })

  test('a song asked for alone passes the later ones of a list, and so does one of them that is asked for alone', async () => {
    const jobs = () =>
      world.rows(
        `select s.place_in_list as place, j.priority, s.track_id as "trackId" from pgboss.job j join requests s on s.track_id::text = j.singleton_key
         where j.name = 'download' and j.state = 'created' and s.parent_id = $1 order by place`,
        [request.id],
      )
    await pauseQueues(services.db, 'download', { platform: 'terminal', person: 'ann' })
    const links = ['p0', 'p1', 'p2', 'p3'].map(video)
    const request = await ask(youtubeList('E'), listOf(...links))
    await until(async () => (await jobs()).length === 4)
    expect((await jobs()).map(({ priority }) => priority)).toEqual([1, 0, -1, -2])
    const alone = await world.ask(parseLink(links[3] ?? ''), { person: 'bob' })
    expect((await jobs()).map(({ priority }) => priority)).toEqual([1, 0, -1, 1])
    await cancelRequest(services, request.id)
    await resumeQueues(services.db, 'download', { platform: 'terminal', person: 'ann' })
    expect(await world.ended(alone.request)).toMatchObject({ state: 'ready' })
  })

  test('a service that asks for a day of quiet gets it: the next person is told at once, until when', async () => {
    const limited = { do: 'error', code: 'spotify_rate_limited', retryable: false, retryAfterSeconds: 86400 }
    await world.script({ resolve: [limited] })
    const { request } = await world.ask(spotify())
    expect(await world.ended(request)).toMatchObject({
      code: 'spotify_rate_limited',
      message: expect.stringMatching(/until \d+ \w+, \d\d:\d\d UTC/),
    })
    await expect(world.ask(spotify(), { person: 'bob' })).rejects.toMatchObject({
      code: 'spotify_rate_limited',
    })
    // What is known already needs no question.
    expect(await world.ask(parseLink(video('shared')), { person: 'dan' })).toMatchObject({ standing: 'new' })
    await world.rows(`update circuits set open_until = now()`)
    await world.script({})
    const later = await world.ask(spotify(), { person: 'bob' })
    expect(await world.ended(later.request)).toMatchObject({ state: 'ready' })
  })

  test('a pause of seconds is waited for, by all, and costs nobody an attempt; other credentials were not asked for it', async () => {
    const limited = { do: 'error', code: 'spotify_rate_limited', retryable: false, retryAfterSeconds: 8 }
    const resolves = (await world.calls()).filter((tool) => tool === 'resolve').length
    await world.script({ resolve: [...Array(resolves).fill({ do: 'succeed' }), limited, { do: 'succeed' }] })
    const postponed = ({ trackId }: { trackId: string }) =>
      world.rows(`select error_message as said from job_events where track_id = $1 and kind = 'postponed'`, [
        trackId,
      ])
    // The second song only once the first has met the pause: whichever came first would.
    const first = (await world.ask(spotify())).request
    await until(async () => (await postponed(first)).length > 0)
    const second = (await world.ask(spotify(), { person: 'bob' })).request
    for (const each of [first, second]) {
      expect(await world.ended(each)).toMatchObject({ state: 'ready' })
      expect(await postponed(each)).toContainEqual({ said: 'Spotify asks for a pause; it goes on then' })
    }
    const [row] = await world.rows(
      `select attempt from job_events where track_id = $1 and queue = 'resolve' and kind = 'stop'`,
      [first.trackId],
    )
    expect(row?.attempt).toBe(1)
    await openCircuit(services.db, 'spotify', 'theirs', 86400)
    await forgetCircuit(services.db, 'spotify', 'ours')
    expect(await circuitOpenUntil(services.db, 'spotify')).toBeUndefined()
    await world.script({})
  })

  test('files that nobody has asked for in a week are removed, and made again for who asks', async () => {
    const source = parseSong('https://old.example/song.mp3')
    const { request } = await world.ask(source)
    await world.ended(request)
    await world.rows(`update requests set state = 'delivered', ended_at = now() where id = $1`, [request.id])
    const folders = (await world.rows('select folder from stages where track_id = $1', [
      request.trackId,
    ])) as {
      folder: string
    }[]
    expect(await removeUnasked(services, 7)).toBe(0)
    await world.rows(
      `update requests set created_at = now() - interval '8 days', ended_at = now() - interval '8 days' where id = $1`,
      [request.id],
    )
    await world.rows(`update stages set finished_at = now() - interval '8 days' where track_id = $1`, [
      request.trackId,
    ])
    expect(await removeUnasked(services, 7)).toBe(folders.length)
    for (const { folder } of folders) expect(await services.files.has(folder)).toBe(false)
    expect(await removeUnasked(services, 7)).toBe(0)
    const again = await world.ask(source)
    expect(await world.ended(again.request)).toMatchObject({ state: 'ready' })
  })

  test('one place never hears by which link another has named the same sound', async () => {
    await world.script({ download: Array(80).fill({ do: 'succeed', sound: 'the demo' }) })
    const secret = 'https://soundcloud.com/band/demo/s-SeCrEt'
    const theirs = await world.ask(parseLink(secret), { channel: 'band a' })
    await world.ended(theirs.request)
    const ours = await world.ask(parseLink('https://soundcloud.com/band/demo'), { channel: 'band b' })
    await world.ended(ours.request)
    expect((await findRequest(services.db, ours.request.id))?.trackId).toBe(theirs.request.trackId)
    const place = { platform: 'terminal', workspace: '' }
    const words = async (channel: string) =>
      (await songsAskedHere(services.db, { ...place, channel }, '', { longest: 100, limit: 9 })).map(
        (song) => song.words,
      )
    expect(await words('band a')).toEqual([secret])
    expect(await words('band b')).toEqual(['https://soundcloud.com/band/demo'])
    await world.script({})
  })

  test('two equal sounds that arrive at the same time are one all the same', async () => {
    await world.script({ download: Array(120).fill({ do: 'succeed', seconds: 0.5, sound: 'at once' }) })
    const both = await Promise.all(
      ['x', 'y'].map((name) => world.ask(parseLink(`https://${name}.example/a.mp3`), { person: name })),
    )
    for (const { request } of both) await world.ended(request)
    const tracks = await Promise.all(both.map(({ request }) => findRequest(services.db, request.id)))
    expect(new Set(tracks.map((request) => request?.trackId)).size).toBe(1)
    await world.script({})
  })

  test('a list that was delivered keeps its songs, whoever asks for it again and whatever is in it then', async () => {
    const list = youtubeList('G')
    const first = await ask(list, listOf(video('g1'), null))
    const [one] = await until(async () => {
      const songs = await songsOf(services.db, first.id)
      return songs[0]?.state === 'ready' ? songs : undefined
    })
    await world.rows(`update requests set state = 'delivered' where id = $1`, [one?.id])
    await world.ended(first)
    await world.rows(`update requests set state = 'delivered' where id = $1`, [first.id])
    const shown = async () => (await card(first)).songs?.map(({ title, error }) => [title, error])
    const before = await shown()
    expect(before).toEqual([
      ['Song', null],
      ['Song 2', 'It is a local file.'],
    ])
    expect(await world.ask(list)).toMatchObject({ standing: 'same' })
    expect(await shown()).toEqual(before)
    const second = await ask(list, listOf(null, null, video('g3')), { person: 'bob' })
    await until(async () => (await songsOf(services.db, second.id)).length > 0)
    expect(await shown()).toEqual(before)
    expect((await card(second)).songs).toHaveLength(3)
    await cancelRequest(services, second.id)
  })

  test('after a choice the same command is the same; asked a day later, or tried again then, it is chosen anew', async () => {
    const track = spotify()
    const request = await ask(track, choices('c1', 'c2'))
    await asked(request)
    await chooseRecording(services, request.id, 'youtube:c1_________')
    expect(await world.ask(track)).toMatchObject({ standing: 'same', request: { id: request.id } })
    const late = await ask(spotify(), choices('d1', 'd2'))
    await asked(late)
    await cancelRequest(services, late.id)
    await world.rows(`update requests set created_at = now() - interval '2 days' where id = $1`, [late.id])
    await resolvesTo(choices('d1', 'd2'))
    calls.push(choices('d1', 'd2'))
    expect(await retryRequest(retryDeps, late.id)).toBe(true)
    expect((await asked(late)).state).toBe('working')
    await cancelRequest(services, late.id)
  })

  test('a link that is given afresh is what is fetched once the files are gone', async () => {
    const attachment = (signature: string) =>
      attachmentSource(
        'discord',
        { id: '77', url: `https://cdn.example/a.mp3?sig=${signature}`, name: 'a.mp3' },
        ['https://cdn.example'],
        null,
      )
    const { request } = await world.ask(attachment('old'))
    await world.ended(request)
    await world.rows(
      `update requests set state = 'delivered', created_at = now() - interval '9 days', ended_at = null where id = $1`,
      [request.id],
    )
    await world.rows(`update stages set finished_at = now() - interval '9 days' where track_id = $1`, [
      request.trackId,
    ])
    await removeUnasked(services, 7)
    await world.ask(attachment('fresh'))
    const [row] = await world.rows(`select source ->> 'url' as url from tracks where id = $1`, [
      request.trackId,
    ])
    expect(row?.url).toBe('https://cdn.example/a.mp3?sig=fresh')
  })

  test('a door that was closed meanwhile is closed for another try too', async () => {
    const { request } = await world.ask(spotify())
    await cancelRequest(services, request.id)
    await expect(retryRequest({ ...retryDeps, doors: ['upload'] }, request.id)).rejects.toMatchObject({
      code: 'source_closed',
      message: 'A Spotify link is not taken here: give the file itself.',
    })
  })

  test('words are searched for, and no link of them', async () => {
    const request = await ask(searchSource('some words'), { ...choices('w1', 'w2'), song: null } as Resolved)
    expect(await asked(request)).toMatchObject({ title: 'some words', choices: [{}, {}] })
    await cancelRequest(services, request.id)
  })
})
