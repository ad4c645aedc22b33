// Bad input through every door that can carry it: a row for what is wrong, a column for how it comes. Each is told of in words and by a code;
// nothing hangs, and nothing is read or written but what belongs to the job.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { RoomCard } from '../src/chat/room/wire.ts'
import { openCanary } from './support/canary.ts'
import { PYTHON } from './support/command-line.ts'
import { DOWNLOAD_PYTHON, type Rule, type There } from './support/fake-world.ts'
import { type Asked, createOnlineBand, songOf } from './support/online-band.ts'
import { openDoor } from './support/outage.ts'
import { createDatabase } from './support/world.ts'

const MEDIA = 'rr1---sn-protoyt.googlevideo.com/videoplayback?id='
/** All are asked for at once, and the machine may be busy with more. */
const WITHIN_SECONDS = 240
/** For people: a sentence or two. */
const SENTENCES = /^([A-Z]|[a-z]+: )[^\n]{10,250}\.$/
/** As somebody would call a song who wants to be taken for a path, an option or a command. */
const NASTY = `-rf ../../evil "$(touch pwned)" 'x'; touch pwned & \u{1f3b8}\n../../../evil`
const NASTY_FILE = `-rf "$(touch pwned)" 'x'; touch pwned & \u{1f3b8}\nevil.wav`

const ENDLESS: Rule = { status: 200, text: 'sound '.repeat(10_000), endless: true }
const FIVE_GB: Rule = { ...ENDLESS, headers: { 'Content-Length': '5000000000' } }

/** What a file of that kind comes to. */
const CONTENTS = {
  'not audio': 'not_audio',
  'a web page': 'not_audio',
  empty: 'empty_file',
  truncated: 'truncated_audio',
  'a playlist that points elsewhere': 'playlist_file',
  'a video without sound': 'no_sound',
  'three hours': 'too_long',
  'cut in the middle': 'delivered',
  mono: 'delivered',
  '8 kHz': 'delivered',
  '96 kHz': 'delivered',
  '7.1': 'delivered',
} as const
type Content = keyof typeof CONTENTS

/** What commands in names would have made, and what is only there while something is fetched. */
const LEFT_OVER = /^(pwned|evil|\.incoming.*|\.site-.*|.*\.part)$/
/** A full disk, as whoever is started by that process finds it. */
const LIMIT_FILES = `import resource, sys
resource.prlimit(int(sys.argv[1]), resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))`

describe('bad input', async () => {
  const database = new URL(await createDatabase())
  const door = await openDoor({ host: database.hostname, port: Number(database.port) })
  const canary = await openCanary()
  const own = `127.0.0.1:${canary.port}`
  database.host = `127.0.0.1:${door.port}`
  const outside = await mkdtemp(join(tmpdir(), 'sound-forge-outside-'))
  afterAll(() => rm(outside, { recursive: true }))
  for (const name of ['home', 'tmp']) await mkdir(join(outside, name))
  const band = await createOnlineBand({
    HOME: join(outside, 'home'),
    TMPDIR: join(outside, 'tmp'),
    // Without credentials Spotify is asked by the client that spotdl has of its own.
    SPOTIFY_CLIENT_ID: '',
    SPOTIFY_CLIENT_SECRET: '',
    DATABASE_URL: database.href,
    MAX_UPLOAD_BYTES: '20000000',
    DOWNLOAD_CONCURRENCY: '4',
  })
  const { internet, cli, ask, atTerminal } = band
  const ffmpeg = execFileSync(DOWNLOAD_PYTHON, [
    '-c',
    'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())',
  ])
    .toString()
    .trim()
  const folder = join(cli.folder, 'files')
  await mkdir(folder)
  const secret = join(cli.folder, 'secret.wav')
  const files = await makeFiles()
  let videos = 0

  const failedOr = async (asked: Asked): Promise<string> => {
    if (asked.refusal) return told(asked.refusal)
    const { state, error } = await asked.ended(WITHIN_SECONDS)
    return error ? told(error) : state
  }
  const told = ({ code, message }: { code: string; message: string }) => {
    expect(message, code).toMatch(SENTENCES)
    expect(message).not.toContain(cli.folder)
    return code
  }
  /** Of a terminal: the code that goes with exit code 1, or `delivered` with 0. */
  const codeOf = ({ code, last, stderr }: Awaited<ReturnType<typeof atTerminal>>) => {
    if (code === 0) return String(last?.['event'])
    const said = /^(.+) \((\w+)\)$/m.exec(stderr)
    return told({
      code: String(last?.['code'] ?? said?.[2]),
      message: String(last?.['message'] ?? said?.[1]),
    })
  }
  /** What has come of all rows, by their names. */
  const outcomes = async <Row extends string>(rows: readonly Row[], put: (row: Row) => Promise<Asked>) => {
    const asked: [Row, Asked][] = []
    for (const row of rows) asked.push([row, await put(row)])
    return Object.fromEntries(await Promise.all(asked.map(async ([row, one]) => [row, await failedOr(one)])))
  }
  const contents = Object.keys(CONTENTS) as Content[]
  /** At a terminal and from a site; what is left out goes the same way as `7.1`. */
  const typed = contents.filter((row) => !['mono', '8 kHz', '96 kHz'].includes(row))
  const pick = (rows: Content[]) => Object.fromEntries(rows.map((row) => [row, CONTENTS[row]]))

  describe.concurrent('by row and door', { timeout: 400_000 }, () => {
    test('good input, for comparison: a Spotify link without credentials, at a terminal', async () => {
      const song = songOf(199, 'Good')
      await internet.add(song.there)
      const run = await atTerminal([song.spotify, '--out', 'good'])
      expect(run.last, run.stderr).toMatchObject({
        event: 'delivered',
        match: { label: 'Band - Good', link: song.youtube, confidence: expect.any(Number) },
      })
      expect(run.code).toBe(0)
      expect(run.cards.at(-1)?.coverUrl).toMatch(/^https:\/\/i\.scdn\.co\//)
      const stems = ['bass', 'drums', 'other', 'vocals'].map((stem) => `Band - Good (${stem}).mp3`)
      expect((await readdir(join(cli.folder, 'good', 'Band - Good'))).sort()).toEqual([
        ...stems,
        'analysis.json',
      ])
      const asked = await internet.asked()
      expect(asked.some((one) => one.startsWith('POST api-partner.spotify.com/pathfinder'))).toBe(true)
      expect(asked.filter((one) => one.includes(' api.spotify.com'))).toEqual([])
    })

    test('files that are uploaded in the room, and the same at a terminal', async () => {
      const put = async (row: Content) => ask('', { file: await readFile(files[row]), name: files[row] })
      expect(await outcomes(contents, put)).toEqual(CONTENTS)
      const terminal: Record<string, string | undefined> = {}
      for (let first = 0; first < typed.length; first += 4)
        await Promise.all(
          typed.slice(first, first + 4).map(async (row) => {
            terminal[row] = codeOf(await atTerminal([files[row], '--out', row]))
          }),
        )
      expect(terminal).toEqual(pick(typed))
    })

    test('files behind a link', async () => {
      await internet.rule(
        Object.fromEntries(
          contents.map((row) => [
            `files.example/${encodeURIComponent(row)}`,
            { status: 200, file: files[row] },
          ]),
        ),
      )
      const put = (row: Content) => ask(`/analyze https://files.example/${encodeURIComponent(row)}`)
      expect(await outcomes(contents, put)).toEqual(CONTENTS)
    })

    test('what YouTube sends', async () => {
      const put = async (row: Content) => ask(`/analyze ${await videoOf({ status: 200, file: files[row] })}`)
      expect(await outcomes(typed, put)).toEqual({
        ...pick(typed),
        // Sites that refuse do so by a page, or by nothing.
        'a web page': 'source_blocked',
        'not audio': 'not_audio',
        empty: 'source_blocked',
      })
    })

    test('what is sent for a song of Spotify', async () => {
      const rows = ['not audio', 'a playlist that points elsewhere'] as const
      const put = async (row: Content) => {
        const song = songOf(200 + contents.indexOf(row), `Sent ${contents.indexOf(row)}`)
        await internet.add(song.there)
        await internet.rule({ [MEDIA + song.videoId]: { status: 200, file: files[row] } })
        return ask(`/analyze ${song.spotify}`)
      }
      // spotdl does not say why it cannot make a file of it.
      expect(await outcomes(rows, put)).toEqual({
        'not audio': 'source_unavailable',
        'a playlist that points elsewhere': 'playlist_file',
      })
    })

    test('servers behind a link', async () => {
      await internet.rule({
        'files.example/redirect': { status: 302, headers: { Location: `http://${own}/` } },
        'files.example/redirect-to-file': { status: 302, headers: { Location: `file://${secret}` } },
        'files.example/endless': ENDLESS,
        'files.example/5-gb': FIVE_GB,
        'files.example/gone': { status: 404 },
        'files.example/broken': { status: 500 },
        'files.example/cut': { status: 200, file: files['8 kHz'], cutAfter: 1000 },
      })
      const rows = {
        [`http://localhost:${canary.port}/song.mp3`]: 'unsafe_address',
        'http://192.168.1.1/song.mp3': 'unsafe_address',
        [`file://${secret}`]: 'not_a_song',
        'https://files.example/redirect': 'unsafe_address',
        'https://files.example/redirect-to-file': 'unsafe_address',
        'https://files.example/endless': 'too_large',
        'https://files.example/5-gb': 'too_large',
        'https://files.example/gone': 'http_error',
        'https://files.example/broken': 'http_error',
        'https://files.example/cut': 'unreachable',
        'https://files.example': 'http_error',
        'https://': 'not_a_song',
        [`https://files.example/${'x'.repeat(2100)}`]: 'bad_usage',
      }
      expect(await outcomes(Object.keys(rows), (link) => ask(`/separate ${link}`))).toEqual(rows)
    })

    test('servers of YouTube, SoundCloud and Bandcamp', async () => {
      const rows = {
        'a file': { media: `file://${secret}` },
        'another protocol': { media: `ftp://${own}/song` },
        endless: ENDLESS,
        '5 GB': FIVE_GB,
      }
      const put = async (row: keyof typeof rows) => ask(`/separate ${await videoOf(rows[row])}`)
      expect(await outcomes(Object.keys(rows) as (keyof typeof rows)[], put)).toEqual({
        'a file': 'unsafe_address',
        'another protocol': 'unsafe_address',
        endless: 'too_large',
        '5 GB': 'too_large',
      })
      await internet.add({ soundcloud: 'soundcloud', bandcamp: 'bandcamp' })
      const links = [
        'https://soundcloud.com/proto-artist/proto-song',
        'https://protoartist.bandcamp.com/track/proto-song',
      ]
      const media = ['cf-media.sndcdn.com/', 't4.bcbits.com/']
      const both = async (rule: object) => {
        await internet.rule(Object.fromEntries(media.map((start) => [start, { status: 200, ...rule }])))
        return outcomes(links, (link) => ask(`/separate ${link}`))
      }
      const all = (code: string) => Object.fromEntries(links.map((link) => [link, code]))
      expect(await both({ status: 302, headers: { Location: `http://${own}/` } })).toEqual(
        all('unsafe_address'),
      )
      expect(await both(ENDLESS)).toEqual(all('too_large'))
      expect(await both({ file: files['a video without sound'] })).toEqual(all('no_sound'))
      const gone = links.map((link) => `${link}-that-is-gone`)
      await internet.rule({
        [`api-v2.soundcloud.com/resolve?url=${encodeURIComponent(gone[0] ?? '')}`]: {
          status: 404,
          text: '{}',
        },
      })
      expect(await outcomes(gone, (link) => ask(`/separate ${link}`))).toEqual({
        [gone[0] ?? '']: 'source_unavailable',
        [gone[1] ?? '']: 'source_unavailable',
      })
    })

    test('what Spotify, Apple, Deezer and Tidal have that is no song, or no more', async () => {
      const long = songOf(210, 'Long', { seconds: 10_800 })
      const unheard = songOf(213, 'Unheard Of')
      const known = { title: 'Long', artists: ['Band'], seconds: 10_800 }
      const list = (number: number) => `list${String(number).padStart(18, '0')}`
      await internet.add({
        tracks: [...long.there.tracks, ...unheard.there.tracks],
        albums: [
          { id: list(11), title: 'Nothing', owner: 'Band', tracks: [] },
          { id: list(12), title: 'Gone', owner: 'Band', tracks: [null, null] },
        ],
        apple: [{ id: '901', ...known }],
        shortLinks: [
          { address: 'https://link.deezer.com/s/inside', target: `https://${own}/` },
          { address: 'https://link.deezer.com/s/elsewhere', target: 'https://files.example/song.mp3' },
          { address: 'https://spotify.link/file', target: `file://${secret}` },
          { address: 'https://spotify.link/round', target: 'https://spotify.link/round' },
          {
            address: 'https://spotify.link/podcast',
            target: 'https://open.spotify.com/episode/4uLU6hMCjMI75M1A2tKUQC',
          },
        ],
      })
      const spotify = 'https://open.spotify.com'
      const rows = {
        [`${spotify}/episode/4uLU6hMCjMI75M1A2tKUQC`]: 'unsupported_link',
        [`${spotify}/show/4uLU6hMCjMI75M1A2tKUQC`]: 'unsupported_link',
        [`${spotify}/artist/4uLU6hMCjMI75M1A2tKUQC`]: 'unsupported_link',
        'spotify:local:Band:Album:Song:200': 'unsupported_link',
        [`${spotify}/track/../../etc/passwd`]: 'unsupported_link',
        [`${spotify}/track/4uLU6hMCjMI75M1A2tKUQC%0a--help`]: 'unsupported_link',
        [songOf(212, 'Deleted').spotify]: 'spotify_not_found',
        [long.spotify]: 'too_long',
        [unheard.spotify]: 'no_match',
        '!!! ???': 'not_a_song',
        [`word ${'x'.repeat(400)}`]: 'not_a_song',
        'words that nothing fits': 'nothing_found',
        [`${spotify}/album/${list(11)}`]: 'list_empty',
        [`${spotify}/album/${list(12)}`]: 'list_empty',
        [`${spotify}/album/${list(13)}`]: 'list_not_found',
        'https://music.apple.com/us/song/901': 'too_long',
        'https://music.apple.com/us/song/999': 'catalogue_not_found',
        'https://www.deezer.com/track/999': 'catalogue_not_found',
        'https://tidal.com/track/999': 'catalogue_not_found',
        'https://www.deezer.com/episode/999': 'unsupported_link',
        'https://link.deezer.com/s/inside': 'unsafe_address',
        'https://link.deezer.com/s/elsewhere': 'unsafe_address',
        'https://link.deezer.com/s/gone': 'catalogue_not_found',
        'https://spotify.link/file': 'unsafe_address',
        'https://spotify.link/round': 'http_error',
        'https://spotify.link/podcast': 'unsupported_link',
        'https://www.youtube.com/playlist?list=PL00000000000000': 'list_not_found',
      }
      expect(await outcomes(Object.keys(rows), (link) => ask(`/separate ${link}`))).toEqual(rows)
    })

    test('names that would be paths, options or commands are names', async () => {
      const song = songOf(220, 'Nasty')
      const nasty = { title: NASTY, artists: ['../..', '-x'] }
      await internet.add({
        tracks: song.there.tracks.map((track) => ({ ...track, ...nasty })),
        candidates: song.there.candidates.map((one) => ({ ...one, ...nasty, wantedBy: 'pwned' })),
        videos: [
          { ...song.there.videos[0], title: NASTY, channel: '../..' } as NonNullable<There['videos']>[number],
        ],
      })
      const sound = await internet.sound('nasty', 'wav')
      await internet.rule({
        'files.example/names/': { status: 200, file: await internet.sound('nasty link', 'wav') },
      })
      await writeFile(join(folder, NASTY_FILE), await readFile(sound))
      const asked = {
        upload: await ask('', { file: await readFile(sound), name: NASTY }),
        spotify: await ask(`/separate ${song.spotify}`),
        link: await ask(`/separate https://files.example/names/..%2f..%2f${encodeURIComponent(NASTY)}.wav`),
      }
      for (const [door, one] of Object.entries(asked)) {
        const card = await one.ended(WITHIN_SECONDS)
        expect([door, card.state, card.stems.length]).toEqual([door, 'delivered', 4])
        for (const { name } of card.stems) expect(name, door).toMatch(/^[^-./\\\n"][^/\\\n"]*\.mp3$/)
      }
      expect(await outcomes([NASTY], (words) => ask(`/separate ${words}`))).toEqual({ [NASTY]: 'delivered' })
      const [path, option, words, system] = await Promise.all(
        [[join('files', NASTY_FILE), '--out', 'nasty'], [NASTY_FILE], ['--', NASTY], ['/etc/passwd']].map(
          (args) => atTerminal(args),
        ),
      )
      expect(path, path?.stderr).toMatchObject({ code: 0, last: { event: 'delivered' } })
      expect(option).toMatchObject({ code: 2, stderr: expect.stringContaining('(bad_usage)') })
      expect(words).toMatchObject({ code: 1, stderr: expect.stringContaining('(file_not_found)') })
      expect(system, system?.stderr).toMatchObject({ code: 1, last: { code: 'not_audio' } })
    })
  })

  test.skipIf(process.platform !== 'linux')(
    'no disk left: it is said, and tried again when there is some',
    {
      timeout: 200_000,
    },
    async () => {
      await internet.rule({
        'files.example/large': { status: 200, file: await internet.sound('large', 'wav') },
      })
      const limit = (bytes: number) =>
        execFileSync(PYTHON, ['-c', LIMIT_FILES, String(band.server.pid), String(bytes)])
      limit(100_000)
      const asked = await ask('/separate https://files.example/large')
      const { error } = await asked
        .card(({ state }) => state === 'failed', WITHIN_SECONDS)
        .finally(() => limit(-1))
      expect(error?.code).toBe('disk_full')
      expect(error?.message).toMatch(SENTENCES)
      expect((await asked.press('retry')).status).toBe(200)
      await asked.card(({ state }) => state === 'delivered', WITHIN_SECONDS)
    },
  )

  test('a database that goes away for ten seconds: nothing is lost, whatever door it came by', {
    timeout: 200_000,
  }, async () => {
    const [video, song] = [songOf(230, 'Outage One'), songOf(231, 'Outage Two')]
    for (const { there } of [video, song]) await internet.add(there)
    await internet.rule({
      'files.example/outage': { status: 200, file: await internet.sound('outage', 'flac'), pace: 100_000 },
      [MEDIA + video.videoId]: { pace: 30_000 },
    })
    const asked = await Promise.all(
      ['https://files.example/outage', video.youtube, song.spotify].map((link) => ask(`/separate ${link}`)),
    )
    const runs = ({ lines }: RoomCard) => lines.some(({ state }) => state === 'running')
    await Promise.all(asked.map((one) => one.card(runs)))
    await door.shut()
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    await door.open()
    for (const one of asked) await one.opensAgain()
    const ended = await Promise.all(asked.map((one) => one.ended(WITHIN_SECONDS)))
    expect(ended.map(({ state, stems }) => [state, stems.length])).toEqual(Array(3).fill(['delivered', 4]))
  })

  test('nothing was asked for inside, and nothing lies where it should not', async () => {
    expect(canary.seen()).toBe(0)
    const inside = /localhost|127\.0\.0\.1|192\.168/
    expect((await internet.asked()).filter((one) => inside.test(one))).toEqual([])
    const given = ['data', 'files', 'models', 'secret.wav']
    // A file that is empty is none, before any folder is made.
    const outs = ['stems', 'nasty', 'good', ...typed.filter((row) => row !== 'empty')]
    expect((await readdir(cli.folder)).sort()).toEqual([...given, ...outs].sort())
    expect(await readdir(outside, { recursive: true })).toEqual(['home', 'tmp'])
    const names = await Promise.all([
      readdir(join(cli.folder, 'data'), { recursive: true }),
      readdir(join(import.meta.dirname, '..')),
      readdir(join(cli.folder, '..')),
    ])
    expect(names.flat().filter((name) => LEFT_OVER.test(basename(name)))).toEqual([])
  })

  /** A video of which this is sent. @returns its link */
  async function videoOf({
    media,
    ...rule
  }: {
    media?: string
    status?: number
    file?: string
  }): Promise<string> {
    const id = `bad-${++videos}`.padEnd(11, '_')
    await internet.add({
      videos: [{ id, title: 'Bad', durationSeconds: 200, sound: 'bad', ...(media ? { media } : {}) }],
    })
    if (rule.status) await internet.rule({ [MEDIA + id]: rule })
    return `https://www.youtube.com/watch?v=${id}`
  }

  async function makeFiles(): Promise<Record<Content, string>> {
    const run = (...args: string[]) => execFileSync(ffmpeg, ['-nostdin', '-v', 'error', ...args])
    const at = (name: string) => join(folder, name)
    const noise = (seed: number) => ['-f', 'lavfi', '-i', `anoisesrc=duration=5:seed=${seed}:amplitude=0.1`]
    run(...noise(1), '-ac', '1', at('mono.flac'))
    run(...noise(2), '-ar', '8000', '-ac', '1', at('low.wav'))
    run(...noise(3), '-ar', '96000', '-ac', '2', at('high.flac'))
    run(...noise(4), '-ac', '8', at('surround.wav'))
    run(...noise(5), '-ac', '2', at('whole.m4a'))
    run(...noise(6), '-ac', '2', at('whole.mp3'))
    run('-f', 'lavfi', '-i', 'testsrc=duration=2:size=64x64', at('silent.mp4'))
    run('-f', 'lavfi', '-i', 'anullsrc=sample_rate=8000:channel_layout=mono', '-t', '10800', at('long.flac'))
    run(...noise(7), secret)
    const half = async (name: string) =>
      (await readFile(at(name))).subarray(0, (await readFile(at(name))).length / 2)
    await writeFile(at('half.m4a'), await half('whole.m4a'))
    await writeFile(at('half.mp3'), await half('whole.mp3'))
    await writeFile(at('text.mp3'), 'this is only text\n'.repeat(500))
    await writeFile(at('page.mp3'), '<!DOCTYPE html><html><body>404</body></html>')
    await writeFile(at('empty.mp3'), '')
    await writeFile(
      at('list.mp3'),
      `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${secret}\n#EXTINF:5,\nhttp://${own}/\n#EXT-X-ENDLIST\n`,
    )
    return {
      'not audio': at('text.mp3'),
      'a web page': at('page.mp3'),
      empty: at('empty.mp3'),
      truncated: at('half.m4a'),
      'a playlist that points elsewhere': at('list.mp3'),
      'a video without sound': at('silent.mp4'),
      'three hours': at('long.flac'),
      'cut in the middle': at('half.mp3'),
      mono: at('mono.flac'),
      '8 kHz': at('low.wav'),
      '96 kHz': at('high.flac'),
      '7.1': at('surround.wav'),
    }
  }
})
