// Where songs come from, as people see it: in the room and at a terminal, with the real tools, in an internet that is made up.
import { execFileSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RoomCard } from '../src/chat/room/wire.ts'
import { openCanary } from './support/canary.ts'
import { PYTHON } from './support/command-line.ts'
import type { There } from './support/fake-world.ts'
import { addressOf, createOnlineBand, songOf } from './support/online-band.ts'
import { until } from './support/until.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals']
const MEDIA = 'rr1---sn-protoyt.googlevideo.com/videoplayback?id='
/** All are asked for at once, and the machine may be busy with more. */
const WITHIN_SECONDS = 240
/** For people: a sentence or two. */
const SENTENCES = /^[A-Z][^\n]{10,250}\.$/
/** Some are asked for by more than one test: what was done for one is there for the other. */
const FIRST = songOf(1, 'First Light', { soundSeconds: 12 })
const WANTED = songOf(3, 'Wanted')
const SEVEN = songOf(7, 'Seven Seas')
const EIGHT = songOf(8, 'Eight Miles')
const NINE = songOf(9, 'Nine Lives')
const EXPIRED = songOf(13, 'Expired')
const listId = (number: number) => `list${String(number).padStart(18, '0')}`

/** What a search finds before the right recording: of each kind of wrong ones, one. */
function wrongOnes({ there }: typeof WANTED): NonNullable<There['candidates']> {
  return there.candidates.flatMap((right) => [
    { ...right, videoId: 'wrong-live_', title: `${right.title} (Live at Wembley)`, album: 'Live' },
    { ...right, videoId: 'wrong-cover', artists: ['The Cover Band'] },
    { ...right, videoId: 'wrong-long_', durationSeconds: 340 },
    {
      ...right,
      videoId: 'wrong-voice',
      title: `${right.title} (Karaoke Version)`,
      kind: 'video',
      official: false,
    },
  ])
}

describe('where songs come from', async () => {
  const band = await createOnlineBand()
  const { internet, cli, ask, atTerminal } = band
  const canary = await openCanary()
  for (const { there } of [FIRST, SEVEN, EIGHT, NINE, EXPIRED]) await internet.add(there)
  await internet.add({ ...WANTED.there, candidates: [...wrongOnes(WANTED), ...WANTED.there.candidates] })
  const stemsOf = ({ stems }: Pick<RoomCard, 'stems'>) => stems.map(({ stem }) => stem).sort()

  describe.concurrent('and what comes of them', { timeout: 400_000 }, () => {
    test('a Spotify link: four stems, by the recording that was found, which is named; and the work is done once, however else it is asked for', async () => {
      const song = FIRST
      await internet.add({
        shortLinks: [{ address: 'https://spotify.link/first', target: `${song.spotify}?si=x` }],
      })
      await internet.rule({ [MEDIA + song.videoId]: { pace: 100_000 } })
      const asked = await ask(
        `/separate https://open.spotify.com/intl-de/track/${song.id}?si=0123456789abcdef`,
      )
      const notes = new Set<string>()
      const card = await asked.card(({ lines, state }) => {
        for (const { note } of lines) if (note) notes.add(note)
        return state === 'delivered'
      }, WITHIN_SECONDS)
      expect(card).toMatchObject({
        title: 'First Light',
        artist: 'Band',
        match: { label: 'Band - First Light', link: song.youtube },
        facts: expect.arrayContaining(['0:12', 'tiny']),
      })
      expect(card.match?.confidence).toBeGreaterThanOrEqual(90)
      expect(stemsOf(card)).toEqual(STEMS)
      expect([...notes]).toEqual(
        expect.arrayContaining(['metadata', expect.stringMatching(/^fetching, 0\.[12] of 0\.3 MB$/)]),
      )
      const cover = await (await fetch(band.url + card.cover)).text()
      expect(cover).toContain('i.scdn.co/image/ab67616d0000b273640')
      expect(await lengthsOf(card)).toEqual(Array(4).fill(12))
      const work = () =>
        band
          .workOn(card.id)
          .filter((queue) => !queue.startsWith('delivery'))
          .sort()
      expect(work()).toEqual(['analysis', 'download', 'processing'])

      // By its address on YouTube, by a short link, and as a file that sounds the same.
      const file = await readFile(await internet.sound(song.videoId, 'flac'))
      const others = await Promise.all([
        ask(`/separate https://youtu.be/${song.videoId}?t=7`),
        ask('/separate https://spotify.link/first'),
        ask('', { file, name: 'Something I have.flac' }),
      ])
      const ended = await Promise.all(others.map((one) => one.ended(WITHIN_SECONDS)))
      for (const other of ended) expect(other).toMatchObject({ state: 'delivered', title: 'First Light' })
      expect(ended.map(stemsOf)).toEqual([STEMS, STEMS, STEMS])
      const terminal = await atTerminal([`spotify:track:${song.id}`])
      expect(terminal.last, terminal.stderr).toMatchObject({
        event: 'delivered',
        match: { link: song.youtube },
      })
      expect(terminal.code).toBe(0)
      expect(work()).toEqual(['analysis', 'download', 'processing'])
    })

    test('a playlist of twelve with one that is gone: eleven are delivered, one is told of in words, and all in one summary', async () => {
      const own = ['Alfa', 'Bravo', 'Charlie', 'Delta', 'Echo'].map((name, place) =>
        songOf(100 + place, name),
      )
      for (const { there } of own) await internet.add(there)
      const songs = [...own, FIRST, WANTED, SEVEN, EIGHT, NINE, EXPIRED]
      const ids = songs.map(({ id }) => id)
      const names = songs.map(({ title }) => title)
      const list = {
        id: listId(1),
        title: 'Friday',
        owner: 'Ann',
        tracks: [...ids.slice(0, 5), null, ...ids.slice(5)],
      }
      await internet.add({ playlists: [list] })
      const link = `https://open.spotify.com/playlist/${list.id}`
      const asked = await ask(`/separate ${link}`)
      const parent = await asked.card(
        ({ songs, state }) => songs !== null && state === 'delivered',
        WITHIN_SECONDS,
      )
      expect(parent).toMatchObject({
        title: 'Friday',
        artist: 'Ann',
        notes: ['11 of 12 delivered, 1 failed'],
      })
      expect(parent.songs?.map(({ title, state, error }) => [title, state, error])).toEqual([
        ...names.slice(0, 5).map((name) => [name, 'delivered', null]),
        [expect.any(String), 'failed', 'It is not available any more.'],
        ...names.slice(5).map((name) => [name, 'delivered', null]),
      ])
      const children = await until(() => {
        const delivered = asked.page.cards().filter(({ songs, state }) => !songs && state === 'delivered')
        return delivered.length === songs.length && delivered
      })
      expect(children.map(({ title }) => title).sort()).toEqual(names.toSorted())
      for (const child of children) {
        expect(stemsOf(child)).toEqual(STEMS)
        expect(child.match?.link).toBe(songs.find(({ title }) => title === child.title)?.youtube)
      }

      // At a terminal, from what is there.
      const run = await atTerminal(['--out', 'friday', link])
      expect(run.code, run.stderr).toBe(0)
      expect(run.last, run.stderr).toMatchObject({
        event: 'delivered',
        notes: ['11 of 12 delivered, 1 failed'],
      })
      expect(run.events.filter(({ event }) => event === 'song')).toHaveLength(11)
      expect((await readdir(join(cli.folder, 'friday'))).sort()).toEqual(
        names.map((name) => `Band - ${name}`).sort(),
      )
    })

    test('a playlist of 120: as many as are taken, and how many there are; cancelled, all of it is', async () => {
      const tracks = Array.from({ length: 120 }, (_, place) => songOf(1000 + place, `Number ${place}`))
      await internet.add({ tracks: tracks.flatMap(({ there }) => there.tracks) })
      const list = { id: listId(2), title: 'Everything', owner: 'Ann', tracks: tracks.map(({ id }) => id) }
      await internet.add({ playlists: [list] })
      const asked = await ask(`/separate https://open.spotify.com/playlist/${list.id}`)
      const card = await asked.card(({ songs }) => songs !== null, WITHIN_SECONDS)
      expect((await asked.press('cancel')).status).toBe(200)
      expect(card.songs?.map(({ title }) => title)).toEqual(
        Array.from({ length: 50 }, (_, place) => `Number ${place}`),
      )
      const cancelled = await asked.ended(WITHIN_SECONDS)
      const states = new Set(cancelled.songs?.map(({ state }) => state))
      // Nobody has these songs: the first may have been looked for in vain before the press came.
      states.delete('failed')
      expect(states).toEqual(new Set(['cancelled']))
      expect(cancelled.buttons.map(({ action }) => action)).toEqual(['retry'])
      expect(card.notes[0]).toBe('Only its first 50 songs are taken: 70 more are left out.')
      expect(asked.page.cards()).toHaveLength(1)
    })

    test('the wrong recordings are refused, however they come first, and the right one is taken', async () => {
      const song = WANTED
      const card = await (await ask(`/separate ${song.spotify}`)).ended(WITHIN_SECONDS)
      expect(card).toMatchObject({ state: 'delivered', match: { link: song.youtube } })
      expect((await internet.asked()).filter((one) => one.includes('wrong-'))).toEqual([])
    })

    test('where none is sure, who asked chooses, in the room and at a terminal, before anything is fetched; and says so if it was the wrong one', async () => {
      const [maybe, other, right] = [songOf(4, 'Maybe'), songOf(5, 'Maybe'), songOf(6, 'No Maybe')]
      await internet.add({
        ...maybe.there,
        candidates: [
          { ...maybe.there.candidates[0], title: 'Maybe (Live)' },
          { ...other.there.candidates[0], durationSeconds: 215 },
        ] as typeof maybe.there.candidates,
        videos: [...maybe.there.videos, ...other.there.videos, ...right.there.videos],
      })
      const asked = await ask(`/separate ${maybe.spotify}`)
      const { choices, title, match } = await asked.card(({ choices }) => choices.length > 0, WITHIN_SECONDS)
      expect({ title, match }).toEqual({ title: 'Maybe', match: null })
      expect(choices.map(({ link }) => link).sort()).toEqual([maybe.youtube, other.youtube])
      for (const { detail } of choices) expect(detail).toMatch(/^3:(20 · live|35 · .+)$/)
      const unasked = await atTerminal([maybe.spotify])
      expect(unasked, unasked.stderr).toMatchObject({ code: 1, last: { event: 'choose', choices } })
      const fetched = async () =>
        (await internet.asked()).filter((one) => [maybe, other].some(({ videoId }) => one.includes(videoId)))
      expect(await fetched()).toEqual([])

      const [inRoom, atDesk] = [choices[0], choices[1]]
      expect((await asked.press('choose', inRoom?.value)).status).toBe(200)
      const [chosen, picked] = await Promise.all([
        asked.card(({ state }) => state === 'delivered', WITHIN_SECONDS),
        atTerminal([maybe.spotify, '--pick', '2']),
      ])
      expect(chosen).toMatchObject({ title: 'Maybe', match: { link: inRoom?.link, confidence: null } })
      expect(picked, picked.stderr).toMatchObject({
        code: 0,
        last: { event: 'delivered', match: { link: atDesk?.link } },
      })

      expect(chosen.buttons.map(({ action }) => action)).toEqual(['wrong'])
      await asked.person.say(`/wrong ${chosen.number} ${right.youtube}`, { room: asked.room })
      const mended = await asked.card(
        ({ number, state }) => number !== chosen.number && state === 'delivered',
        WITHIN_SECONDS,
      )
      expect(mended).toMatchObject({ title: 'No Maybe', match: null })
      expect(stemsOf(mended)).toEqual(STEMS)
    })

    test('every other door: YouTube, SoundCloud, Bandcamp, what Apple, Deezer and Tidal know, words, a direct link and a file', async () => {
      const [video, known, said] = [SEVEN, EIGHT, NINE]
      const song = { title: 'Eight Miles', artists: ['Band'], seconds: 200 }
      await internet.add({
        apple: [{ id: '801', ...song }],
        deezer: [{ id: '802', ...song }],
        tidal: [{ id: '803', ...song }],
        soundcloud: 'on soundcloud',
        bandcamp: 'on bandcamp',
        youtubeLists: [
          {
            id: 'PLdoors0123456789',
            title: 'Doors',
            owner: 'Ann',
            entries: [
              { id: video.videoId, title: 'Seven Seas', artist: 'Band', seconds: 200 },
              { id: 'private____', title: 'Secret', artist: 'Band', seconds: 200, isThere: false },
            ],
          },
        ],
        shortLinks: [
          { address: 'https://link.deezer.com/s/abc', target: 'https://www.deezer.com/de/track/802' },
        ],
      })
      await internet.rule({
        'files.example/songs/': {
          status: 200,
          headers: { 'Content-Type': 'audio/mpeg' },
          file: await internet.sound('a file', 'mp3'),
        },
      })
      const upload = {
        file: await readFile(await internet.sound('uploaded', 'm4a')),
        name: 'Band - My Demo.m4a',
      }
      const doors = {
        youtube: ask(`/separate https://music.youtube.com/watch?v=${video.videoId}&list=RDAMVM`),
        soundcloud: ask('/separate https://m.soundcloud.com/Proto-Artist/proto-song?in=x'),
        bandcamp: ask('/separate https://protoartist.bandcamp.com/track/proto-song'),
        apple: ask('/separate https://music.apple.com/us/album/eight-miles/800?i=801'),
        deezer: ask('/separate deezer.com/en/track/802'),
        tidal: ask('/separate https://listen.tidal.com/album/800/track/803'),
        short: ask('/separate https://link.deezer.com/s/abc'),
        words: ask('/separate Band nine lives'),
        link: ask('/separate https://files.example/songs/Band%20-%20Direct.mp3'),
        file: ask('', upload),
      }
      const ended: Record<string, unknown> = {}
      for (const [door, asked] of Object.entries(doors)) {
        const card = await (await asked).ended(WITHIN_SECONDS)
        ended[door] = [card.state, card.artist, card.title, card.match?.link ?? null, stemsOf(card).length]
      }
      const eight = ['delivered', 'Band', 'Eight Miles', known.youtube, 4]
      expect(ended).toEqual({
        youtube: ['delivered', 'Band', 'Seven Seas', null, 4],
        soundcloud: ['delivered', 'Proto Artist', 'Proto Song', null, 4],
        bandcamp: ['delivered', 'Proto Artist', 'Proto Song', null, 4],
        apple: eight,
        deezer: eight,
        tidal: eight,
        short: eight,
        words: ['delivered', 'Band', 'Nine Lives', said.youtube, 4],
        link: ['delivered', 'Band', 'Direct', null, 4],
        file: ['delivered', 'Band', 'My Demo', null, 4],
      })
      const list = await ask('/separate https://www.youtube.com/playlist?list=PLdoors0123456789')
      const parent = await list.card(
        ({ songs, state }) => songs !== null && state === 'delivered',
        WITHIN_SECONDS,
      )
      expect(parent).toMatchObject({ title: 'Doors', artist: 'Ann', notes: ['1 of 2 delivered, 1 failed'] })
      expect(parent.songs?.[1]?.error).toBe('It is a private video.')
      // At a terminal they are there already.
      const runs = await Promise.all([
        atTerminal([await internet.sound('uploaded', 'm4a'), '--out', 'file']),
        atTerminal(['https://music.apple.com/us/song/801', '--out', 'apple']),
        atTerminal(['band nine lives', '--out', 'words']),
      ])
      expect(runs.map(({ code, last, stderr }) => [code, last?.['event'] ?? stderr])).toEqual(
        Array(3).fill([0, 'delivered']),
      )
    })

    test('what YouTube does not give away is said in words, with what helps', async () => {
      const troubles: [string, string, RegExp][] = [
        ['bot_check', 'bot_check', /YTDLP_COOKIES/],
        ['private', 'private_video', /private/],
        ['region_blocked', 'region_blocked', /country/],
        ['age_restricted', 'age_restricted', /adults/],
        ['live', 'live_stream', /live/],
        ['removed', 'source_unavailable', /not there any more/],
        ['drm', 'drm_protected', /DRM/],
        ['media_refused', 'source_blocked', /tomorrow/],
        ['media_page', 'source_blocked', /tomorrow/],
        ['media_cut', 'unreachable', /later/],
      ]
      const videos = troubles.map(([trouble], place) => ({
        id: `trouble-${place}`.padEnd(11, '_'),
        title: 'Trouble',
        durationSeconds: 200,
        sound: 'trouble',
        trouble,
      }))
      await internet.add({ videos })
      const asked = await Promise.all(
        videos.map(({ id }) => ask(`/separate https://www.youtube.com/watch?v=${id}`)),
      )
      const ended = await Promise.all(asked.map((one) => one.ended(WITHIN_SECONDS)))
      expect(ended.map(({ error }, place) => [troubles[place]?.[0], error?.code])).toEqual(
        troubles.map(([trouble, code]) => [trouble, code]),
      )
      for (const [place, { error }] of ended.entries()) {
        expect(error?.message).toMatch(troubles[place]?.[2] ?? /^$/)
        expect(error?.message).toMatch(SENTENCES)
      }
      const run = await atTerminal([`https://youtu.be/${videos[0]?.id}`])
      expect(run, run.stderr).toMatchObject({ code: 1, last: { event: 'failed', code: 'bot_check' } })
    })

    test('a slow stream is given up and tried again, which the card says; nothing waits for ever', async () => {
      const slow = songOf(10, 'Slow Train')
      await internet.add(slow.there)
      await internet.rule({ [MEDIA + slow.videoId]: { pace: 300 } })
      const asked = await ask(`/separate ${slow.youtube}`)
      await asked.card(
        ({ lines }) => lines.some(({ note }) => /^(trying again \(2|attempt 2 )/.test(note ?? '')),
        WITHIN_SECONDS,
      )
      expect((await asked.press('cancel')).status).toBe(200)
      expect((await asked.ended()).state).toBe('cancelled')
    })

    test('what Spotify says instead of a song: that it is gone, a page, or that a token is used up', async () => {
      const [gone, page, expired] = [songOf(11, 'Gone'), songOf(12, 'Paged'), EXPIRED]
      await internet.add(page.there)
      const of = ({ id }: { id: string }) => `api.spotify.com/v1/tracks/${id}`
      await internet.rule({
        [of(page)]: {
          status: 200,
          headers: { 'Content-Type': 'text/html' },
          text: '<!doctype html><title>Spotify</title>',
        },
        [of(expired)]: {
          status: 401,
          headers: { 'Content-Type': 'application/json' },
          text: '{"error":{"status":401,"message":"The access token expired"}}',
          times: 1,
        },
      })
      const asked = await Promise.all([gone, page, expired].map(({ spotify }) => ask(`/separate ${spotify}`)))
      const ended = await Promise.all(asked.map((one) => one.ended(WITHIN_SECONDS)))
      expect(ended.map(({ state, error }) => [state, error?.code])).toEqual([
        ['failed', 'spotify_not_found'],
        ['failed', 'spotify_unavailable'],
        ['delivered', undefined],
      ])
      for (const { error } of ended.slice(0, 2)) expect(error?.message).toMatch(SENTENCES)
      const run = await atTerminal([gone.spotify])
      expect(run, run.stderr).toMatchObject({ code: 1, last: { event: 'failed', code: 'spotify_not_found' } })
    })

    test('links that lead into this machine or its network are refused, wherever they stand', async () => {
      const own = `127.0.0.1:${canary.port}`
      const video = (number: number, more: object) => ({
        id: `inside-${number}`.padEnd(11, '_'),
        title: 'Inside',
        durationSeconds: 200,
        sound: 'inside',
        ...more,
      })
      const manifest = `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://${own}/segment.ts\n#EXT-X-ENDLIST\n`
      await internet.add({
        shortLinks: [
          { address: 'https://spotify.link/meta', target: 'http://169.254.169.254/latest/meta-data/' },
          { address: 'https://on.soundcloud.com/away', target: `http://${own}/` },
        ],
        videos: [
          video(1, { media: `http://${own}/videoplayback` }),
          video(2, { media: 'https://redirect.googlevideo.com/videoplayback' }),
          video(3, { hls: 'https://manifest.googlevideo.com/inside/index.m3u8' }),
          video(4, { thumbnail: `http://${own}/cover.jpg` }),
        ],
      })
      await internet.rule({
        'files.example/redirect': { status: 302, headers: { Location: `http://${own}/song.mp3` } },
        'files.example/file': { status: 302, headers: { Location: 'file:///etc/passwd' } },
        'redirect.googlevideo.com/': { status: 302, headers: { Location: `http://${own}/song.webm` } },
        'manifest.googlevideo.com/inside/': {
          status: 200,
          text: manifest,
          headers: { 'Content-Type': 'application/vnd.apple.mpegurl' },
        },
      })
      const UNSAFE = [
        `http://${own}/song.mp3`,
        `http://localhost:${canary.port}/`,
        `http://LOCALHOST.:${canary.port}/`,
        `http://[::1]:${canary.port}/`,
        `http://[::ffff:127.0.0.1]:${canary.port}/`,
        `http://2130706433:${canary.port}/`,
        `http://0x7f.1:${canary.port}/`,
        `http://0:${canary.port}/`,
        'http://10.0.0.1/song.mp3',
        'http://169.254.169.254/latest/meta-data/',
        'http://metadata.google.internal/computeMetadata/v1/',
        'https://files.example/redirect',
        'https://files.example/file',
        'https://spotify.link/meta',
        'https://on.soundcloud.com/away',
        ...[1, 2, 3].map((number) => `https://www.youtube.com/watch?v=${video(number, {}).id}`),
      ]
      const NO_SONG = [
        'file:///etc/passwd',
        `ftp://${own}/song.mp3`,
        `gopher://${own}/`,
        `https://www.youtube.com@${own}/watch?v=dQw4w9WgXcQ`,
        `http://user:secret@${own}/`,
      ]
      const refused = await Promise.all(NO_SONG.map((link) => ask(`/separate ${link}`)))
      expect(refused.map(({ refusal }) => refusal?.code)).toEqual(NO_SONG.map(() => 'not_a_song'))
      const asked = await Promise.all(UNSAFE.map((link) => ask(`/separate ${link}`)))
      const ended = await Promise.all(asked.map((one) => one.ended(WITHIN_SECONDS)))
      expect(ended.map(({ error }, place) => [UNSAFE[place], error?.code])).toEqual(
        UNSAFE.map((link) => [link, 'unsafe_address']),
      )
      for (const { error } of ended) expect(error?.message).toMatch(SENTENCES)
      const typed = [UNSAFE[0], UNSAFE[13], UNSAFE[15], NO_SONG[0]] as string[]
      const runs = await Promise.all(typed.map((link) => atTerminal([link])))
      expect(runs.map(({ code }) => code)).toEqual([1, 1, 1, 1])
      for (const { last, stderr } of runs.slice(0, 3))
        expect(last, stderr).toMatchObject({ event: 'failed', code: 'unsafe_address' })
      expect(runs[3]?.stderr).toContain('(not_a_song)')
      // A picture there is not worth failing for.
      const withoutCover = await (await ask(`/analyze https://youtu.be/${video(4, {}).id}`)).ended(
        WITHIN_SECONDS,
      )
      expect(withoutCover).toMatchObject({ state: 'delivered' })
      expect(canary.seen()).toBe(0)
      expect(
        (await internet.asked()).filter((one) => /127\.0\.0\.1|localhost|169\.254|10\.0\.0\.1|::/.test(one)),
      ).toEqual([])
    })

    test('an operator who takes files alone closes every other door, which says so', async () => {
      const closed = { SOURCES: 'upload', PORT: '0' }
      const at = await addressOf(cli.start(['bot'], closed))
      const links = [
        'https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC',
        'https://open.spotify.com/playlist/37i9dQZF1DX0XUsuxWHRQd',
        'https://spotify.link/closed',
        'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
        'https://soundcloud.com/proto-artist/proto-song',
        'https://protoartist.bandcamp.com/track/proto-song',
        'https://music.apple.com/us/song/801',
        'https://www.deezer.com/track/802',
        'https://tidal.com/track/803',
        'https://vimeo.com/76979871',
        'https://files.example/songs/a.mp3',
        'Band nine lives',
      ]
      for (const link of links)
        expect((await ask(`/separate ${link}`, { at })).refusal, link).toEqual({
          code: 'source_closed',
          message: expect.stringMatching(/ is not taken here: give the file itself\.$/),
        })
      const upload = {
        file: await readFile(await internet.sound('the only door', 'flac')),
        name: 'Only.flac',
      }
      expect(await (await ask('', { ...upload, at })).ended(WITHIN_SECONDS)).toMatchObject({
        state: 'delivered',
      })
      const run = await atTerminal([links[0] ?? ''], closed)
      expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('(source_closed)')])
    })
  })

  test('a pause of a day that Spotify asks for: whoever asks is told within seconds until when, and the next one at once', {
    timeout: 200_000,
  }, async () => {
    const limited = songOf(20, 'Too Often')
    await internet.rule({
      'api.spotify.com/v1/tracks/': {
        status: 429,
        headers: { 'Retry-After': '86400', 'Content-Type': 'application/json' },
        text: '{}',
      },
    })
    const started = performance.now()
    const { error } = await (await ask(`/separate ${limited.spotify}`)).ended(30)
    expect(error).toEqual({
      code: 'spotify_rate_limited',
      message: expect.stringMatching(
        /^Spotify allows no more questions until \d+ \w{3}, \d\d:\d\d UTC: send .*\.$/,
      ),
    })
    expect(performance.now() - started).toBeLessThan(30_000)
    const before = (await internet.asked()).length
    const next = songOf(21, 'Not Now')
    expect((await ask(`/separate ${next.spotify}`)).refusal).toEqual(error)
    const run = await atTerminal([next.spotify])
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringContaining(`${error?.message} (spotify_rate_limited)`),
    ])
    expect((await internet.asked()).length).toBe(before)
    // The other doors are open.
    expect((await ask(`/separate ${next.youtube}`)).refusal).toBeNull()
  })

  async function lengthsOf(card: RoomCard): Promise<number[]> {
    const folder = join(cli.folder, card.id)
    const files = await Promise.all(
      card.stems.map(async ({ address, stem }) => {
        const path = `${folder}-${stem}.mp3`
        await writeFile(path, Buffer.from(await (await fetch(band.url + address)).arrayBuffer()))
        return path
      }),
    )
    const script =
      'import sys, soundfile\nfor path in sys.argv[1:]: print(round(soundfile.info(path).duration))'
    return execFileSync(PYTHON, ['-c', script, ...files], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
  }
})
