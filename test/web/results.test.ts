import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { rm, truncate, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { results as resultsCommand } from '../../commands/results.ts'
import { resultsPath } from '../../src/domain/results-link.ts'
import { resultsAddress, resultsKey } from '../../src/store/results.ts'
import { attachment } from '../../src/web/file-response.ts'
import { resultsApp } from '../../src/web/results/app.ts'
import { resultsOf } from '../../src/web/results/of-request.ts'
import type { Song } from '../../src/web/results/wire.ts'
import { startWebServer } from '../../src/web/server.ts'
import { depsOf, personIn } from '../commands/person.ts'
import { deliverSong, PIECE_SAMPLES, playedStem, SAMPLE_RATE_HZ } from '../support/delivered.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const MiB = 1024 ** 2
const DAY_MS = 86_400_000
const PNG = Buffer.from('\x89PNG\r\n\x1a\n and the rest', 'latin1')

/** A server of results pages with a database and files of its own. */
async function openPages() {
  const world = await createWorld()
  const { db, files } = world.services
  const app = resultsApp({ db, files, page: (context) => context.html('<p>the page</p>') })
  const server = await startWebServer({ host: '127.0.0.1', port: 0 }, [app], world.log)
  world.onClose(() => server.stop())
  const origin = server.url
  const pathOf = (id: string) => resultsAddress(db, id, new Date())
  return {
    world,
    db,
    files,
    origin,
    pathOf,
    /** A delivered song, and its page's whole address. */
    async song(about: Parameters<typeof deliverSong>[1] = {}) {
      const request = await deliverSong(world, about)
      return { ...request, at: `${origin}${await pathOf(request.id)}` }
    },
    /** The path as it is, which fetch would tidy up. @param path with the origin or without */
    async raw(path: string, { method = 'GET', headers = {} }: { method?: string; headers?: object } = {}) {
      const { hostname, port } = new URL(origin)
      const request = httpRequest({
        hostname,
        port,
        path: path.replace(origin, ''),
        method,
        headers: { ...headers },
        agent: false,
      })
      const [answer] = (await once(request.end(), 'response')) as [IncomingMessage]
      return answer
    },
    /** Files of the store that this process holds open. */
    openFiles: () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(world.settings.DATA_DIR)
        } catch {
          return false
        }
      }).length,
  }
}

const refusal = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string } }).error

describe('the address', async () => {
  const { world, db, origin, pathOf, song, raw } = await openPages()
  const { id, at } = await song()

  test('leads to the page, which nobody else is told of and no search engine keeps', async () => {
    const answer = await fetch(at)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('<p>the page</p>')
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('x-robots-tag')).toBe('noindex')
    expect(answer.headers.get('cache-control')).toBe('private, no-cache')
  })

  test('without its last slash leads to the one with it, also below a path of a proxy', async () => {
    const answer = await raw(at.slice(0, -1))
    expect(answer.statusCode).toBe(308)
    expect(answer.headers.location).toBe(`${at.split('/').at(-2)}/`)
    expect((await fetch(at.slice(0, -1))).url).toBe(at)
    const elsewhere = await raw(`/results/${id}/%2f%2fevil.example`)
    expect(elsewhere.statusCode).toBe(404)
    expect(elsewhere.headers.location).toBeUndefined()
  })

  test('an unknown request, a wrong signature and a revoked one are answered alike', async () => {
    const { id: other, at: revoked } = await song()
    await db.query('update requests set results_version = 1 where id = $1', [other])
    const signed = at.split('/').at(-2) ?? ''
    const guessed = [
      at.replace(id, randomUUID()),
      at.replace(id, other),
      `${origin}/results/${id}/${signed.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}/`,
      `${origin}/results/${id}/${signed.replace(/^\d+/, (seconds) => String(Number(seconds) + 60))}/`,
      revoked,
      `${origin}/results/${id}/${'9'.repeat(10)}-${'0'.repeat(64)}/`,
      `${origin}/results/${id}/x/`,
      `${origin}/results/nobody/${signed}/`,
      `${origin}/results/${id.toUpperCase()}/${signed}/`,
    ]
    const answers = []
    for (const address of guessed) {
      for (const accept of ['text/html', '*/*']) {
        const answer = await fetch(address, { headers: { Accept: accept } })
        const { date: _, ...headers } = Object.fromEntries(answer.headers)
        headers['content-security-policy'] = ''
        answers.push(JSON.stringify([accept, answer.status, headers, await answer.text()]))
      }
    }
    expect(new Set(answers).size).toBe(2)
    expect(answers[0]).toContain('["text/html",404,')
    expect(answers[0]).toContain('There is nothing here')
    expect(answers[0]).toContain('/assets/style.css')
    expect(answers[0]).not.toContain('<script')
    expect(answers[1]).toContain('no_such_page')
  })

  test.each([
    'song.json',
    'player/vocals/0.flac',
    'stems/Band%20-%20Song%20(vocals).mp3',
    'stems.zip',
    'cover',
  ])('what is below it needs the signature too: %s', async (below) => {
    const wrong = at.replace(/.\/$/, (end) => (end[0] === '0' ? '1/' : '0/'))
    const answer = await fetch(wrong + below)
    expect(answer.status).toBe(404)
    expect(await refusal(answer)).toMatchObject({ code: 'no_such_page' })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    expect(answer.headers.get('x-robots-tag')).toBe('noindex')
  })

  test('expired, it says so to whoever had the right one, and to nobody else', async () => {
    const key = await resultsKey(db)
    const past = new Date(Date.now() - 1000)
    const expired = origin + resultsPath(key, { id, version: 0 }, past)
    for (const below of ['', 'song.json', 'stems.zip']) {
      const answer = await fetch(expired + below)
      expect(answer.status).toBe(410)
      expect(await refusal(answer)).toMatchObject({ code: 'expired' })
    }
    expect(await (await fetch(expired, { headers: { Accept: 'text/html' } })).text()).toContain('has expired')
    const wrong = origin + resultsPath(key, { id, version: 1 }, past)
    expect((await fetch(wrong)).status).toBe(404)
  })

  test('of a song that is not done yet, or never will be, says how it stands', async () => {
    const { request } = await world.ask()
    const address = origin + (await pathOf(request.id))
    for (const below of ['', 'song.json', 'stems.zip', 'cover', 'stems/x', 'player/vocals/0.flac']) {
      const answer = await fetch(address + below)
      expect(answer.status).toBe(409)
      expect(await refusal(answer)).toMatchObject({ code: 'not_ready' })
    }
    await db.query(`update requests set state = 'failed' where id = $1`, [request.id])
    const answer = await fetch(address)
    expect(answer.status).toBe(404)
    expect(await refusal(answer)).toMatchObject({ code: 'no_results' })
  })

  test('of a song whose files were removed says that it can be asked for again', async () => {
    const gone = await song()
    await rm(world.pathOf(gone.folders.delivery), { recursive: true })
    for (const below of ['', 'song.json', 'stems.zip', 'player/vocals/0.flac', 'stems/x']) {
      const answer = await fetch(gone.at + below)
      expect(answer.status).toBe(410)
      expect(await refusal(answer)).toMatchObject({
        code: 'files_gone',
        message: expect.stringContaining('again'),
      })
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('is not for %s', async (method) => {
    expect((await fetch(at, { method })).status).toBe(405)
    expect((await fetch(`${at}stems.zip`, { method })).status).toBe(405)
  })

  test('ends with the command that revokes it, and the next one is another', async () => {
    const { id, number, at } = await song()
    const deps = depsOf(world, { publicUrl: `${origin}/` })
    const place = { workspace: '', channel: 'band' }
    const ann = personIn(deps, { person: 'ann', ...place })
    const bob = personIn(deps, { person: 'bob', ...place })
    const addressIn = (lines: string[]) => /&\{(.*)\}/.exec(lines.join('\n'))?.[1] ?? ''
    expect(addressIn((await ann.gives(resultsCommand)).lines)).toBe(at)
    expect(addressIn((await bob.gives(resultsCommand, { number })).lines)).toBe(at)
    await expect(bob.gives(resultsCommand, { number, action: 'revoke' })).rejects.toMatchObject({
      code: 'not_yours',
    })
    expect((await fetch(at)).status).toBe(200)
    const told = await ann.gives(resultsCommand, { number, action: 'revoke' })
    expect(told).toMatchObject({ title: 'Revoked' })
    for (const below of ['', 'song.json', 'player/vocals/0.flac', 'stems.zip'])
      expect((await fetch(at + below)).status).toBe(404)
    const next = addressIn((await ann.gives(resultsCommand)).lines)
    expect(next).not.toBe(at)
    expect((await fetch(next)).status).toBe(200)
    const boss = personIn(deps, { person: 'boss', manager: true, ...place })
    await boss.gives(resultsCommand, { number, action: 'revoke' })
    expect((await fetch(next)).status).toBe(404)
    expect((await fetch(`${origin}${await pathOf(id)}`)).status).toBe(200)
  })

  test('the key is made once, however many ask for it at once', async () => {
    const fresh = await createWorld()
    const keys = await Promise.all(Array.from({ length: 8 }, () => resultsKey(fresh.services.db)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect(keys[0]).not.toEqual(await resultsKey(db))
  })
})

describe('what the page is told', async () => {
  const { files, db, song, origin } = await openPages()

  test('all about the song and its stems', async () => {
    const { at, number } = await song({ cover: PNG })
    const answer = await fetch(`${at}song.json`)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('cache-control')).toBe('private, no-cache')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    const told = (await answer.json()) as Song
    expect(told).toEqual({
      number,
      title: 'Song',
      artist: 'Band',
      album: null,
      model: 'htdemucs',
      durationSeconds: expect.closeTo(10.02, 1),
      bpm: 120.4,
      bpmAlternative: 60.2,
      key: 'A minor',
      keyAlternative: null,
      loudnessLufs: -14,
      cover: 'cover',
      expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.000Z$/),
      notes: ['A note.'],
      sampleRateHz: SAMPLE_RATE_HZ,
      samples: 2 * PIECE_SAMPLES + 1000,
      pieceSamples: PIECE_SAMPLES,
      stems: ['vocals', 'drums'].map((stem) => ({
        stem,
        pieces: 3,
        peaks: playedStem(stem).peaks,
        download: {
          address: `stems/Band%20-%20Song%20(${stem}).mp3`,
          name: `Band - Song (${stem}).mp3`,
          bytes: `the ${stem}`.length,
        },
      })),
      zip: { address: 'stems.zip', name: 'Band - Song (stems).zip', bytes: expect.any(Number) },
    })
    const left = Date.parse(told.expires) - Date.now()
    expect(left).toBeGreaterThan(6 * DAY_MS)
    expect(left).toBeLessThanOrEqual(7 * DAY_MS)
  })

  test('is asked for again only where it has changed', async () => {
    const { at } = await song()
    const etag = (await fetch(`${at}song.json`)).headers.get('etag') ?? ''
    expect(etag).toMatch(/^(W\/)?"/)
    const again = await fetch(`${at}song.json`, { headers: { 'If-None-Match': etag } })
    expect(again.status).toBe(304)
    expect(again.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('a stem that was not asked for is played, and cannot be downloaded', async () => {
    const { at } = await song({ stems: { drums: Buffer.from('drums') } })
    const { stems } = (await (await fetch(`${at}song.json`)).json()) as Song
    expect(stems.map(({ stem, download }) => [stem, download?.name ?? null])).toEqual([
      ['vocals', null],
      ['drums', 'Band - Song (drums).mp3'],
    ])
  })

  test('a song that was only analysed has no stems', async () => {
    const { at } = await song({ stems: {}, player: {} })
    expect((await fetch(at)).status).toBe(200)
    const told = (await (await fetch(`${at}song.json`)).json()) as Song
    expect(told).toMatchObject({ bpm: 120.4, key: 'A minor', stems: [], zip: null, cover: null, model: '' })
    expect((await fetch(`${at}stems.zip`)).status).toBe(404)
    expect((await fetch(`${at}cover`)).status).toBe(404)
  })

  test('one whose analysis failed has its stems all the same', async () => {
    const { at } = await song({ analysis: null })
    const told = (await (await fetch(`${at}song.json`)).json()) as Song
    expect(told).toMatchObject({ bpm: null, key: null, loudnessLufs: null })
    expect(told.stems).toHaveLength(2)
  })

  test('whoever lists the files gets addresses that work, the same ones for a day', async () => {
    const { id } = await song()
    const listed = await resultsOf({ db, files }, id)
    expect(await resultsOf({ db, files }, id, new Date())).toEqual(listed)
    expect(listed?.page).toMatch(/^\/results\/.*\/$/)
    expect(listed?.stems).toEqual([
      {
        stem: 'vocals',
        type: 'audio/mpeg',
        name: 'Band - Song (vocals).mp3',
        bytes: 10,
        address: `${listed?.page}stems/Band%20-%20Song%20(vocals).mp3`,
      },
      expect.objectContaining({ stem: 'drums' }),
    ])
    for (const { address, bytes } of [...(listed?.stems ?? []), listed?.zip ?? { address: '', bytes: 0 }])
      expect((await (await fetch(origin + address)).arrayBuffer()).byteLength).toBe(bytes)
    await db.query(`update requests set state = 'working' where id = $1`, [id])
    expect(await resultsOf({ db, files }, id)).toBeUndefined()
  })

  test.each([
    ['PNG', PNG, 'image/png'],
    ['JPEG', Buffer.from('\xff\xd8\xff\xe0 picture', 'latin1'), 'image/jpeg'],
    ['WebP', Buffer.from('RIFF\x01\x02\x03\x04WEBPVP8 '), 'image/webp'],
  ])('a cover that is %s is shown', async (_, cover, type) => {
    const { at } = await song({ cover })
    const answer = await fetch(`${at}cover`)
    expect(answer.headers.get('content-type')).toBe(type)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(cover)
  })

  test.each(['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', '', 'RIFF    WAVE'])(
    'a cover that is %j is none',
    async (cover) => {
      const { at } = await song({ cover: Buffer.from(cover) })
      expect((await fetch(`${at}cover`)).status).toBe(404)
      expect(((await (await fetch(`${at}song.json`)).json()) as Song).cover).toBeNull()
    },
  )
})

describe('a piece of a stem', async () => {
  const { song } = await openPages()
  const { at } = await song()

  test.each([0, 1, 2])('%i is the FLAC file that was put there, and stays', async (piece) => {
    const answer = await fetch(`${at}player/drums/${piece}.flac`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('audio/flac')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=604800, immutable')
    expect(answer.headers.get('content-disposition')).toBeNull()
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(playedStem('drums').pieces[piece])
    const etag = answer.headers.get('etag') ?? ''
    const headers = { 'If-None-Match': etag }
    expect((await fetch(`${at}player/drums/${piece}.flac`, { headers })).status).toBe(304)
    expect((await fetch(`${at}player/drums/${(piece + 1) % 3}.flac`, { headers })).status).toBe(200)
  })

  test('in part', async () => {
    const answer = await fetch(`${at}player/vocals/1.flac`, { headers: { Range: 'bytes=5-9' } })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe('bytes 5-9/26')
    expect(await answer.text()).toBe('vocal')
  })

  test.each([
    'vocals/3.flac',
    'vocals/-1.flac',
    'vocals/01.flac',
    'vocals/1e0.flac',
    'vocals/0.mp3',
    'vocals/0',
    'vocals/constructor.flac',
    'vocals/',
    'bass/0.flac',
    'vocals.pieces/0.flac',
    '..%2fvocals/0.flac',
    'vocals/..%2f0.flac',
    '__proto__/0.flac',
  ])('%s is none', async (piece) => {
    expect((await fetch(`${at}player/${piece}`)).status).toBe(404)
  })
})

describe('a stem to be downloaded', async () => {
  const { song, raw } = await openPages()
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251))
  const other = await song({ title: 'Secret', stems: { vocals: Buffer.from('secret') } })
  const { at } = await song({ stems: { vocals: bytes } })
  const vocals = `${at}stems/Band%20-%20Song%20(vocals).mp3`

  test('is the whole file, under its name', async () => {
    const answer = await fetch(vocals)
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'audio/mpeg',
      'content-length': '1000',
      'accept-ranges': 'bytes',
      'content-disposition': `attachment; filename="Band - Song (vocals).mp3"; filename*=UTF-8''Band%20-%20Song%20%28vocals%29.mp3`,
      'cache-control': 'private, max-age=604800, immutable',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      etag: expect.stringMatching(/^"[\w-]+"$/),
      'last-modified': expect.stringMatching(/GMT$/),
    })
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
  })

  test('HEAD says the same without the bytes', async () => {
    const { headers: whole } = await fetch(vocals)
    const answer = await raw(vocals, { method: 'HEAD', headers: { Range: 'bytes=0-1' } })
    expect(answer.statusCode).toBe(200)
    for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges', 'content-disposition'])
      expect(answer.headers[name]).toBe(whole.get(name))
    let received = 0
    for await (const chunk of answer) received += chunk.length
    expect(received).toBe(0)
  })

  test.each([
    ['the first', 'bytes=0-99', 0, 99],
    ['one byte', 'bytes=0-0', 0, 0],
    ['some in the middle', 'bytes=500-599', 500, 599],
    ['all that follow', 'bytes=990-', 990, 999],
    ['the last', 'bytes=-10', 990, 999],
    ['more than there are at the end', 'bytes=-5000', 0, 999],
    ['to beyond the end', 'bytes=900-5000', 900, 999],
    ['in capitals', 'Bytes=1-2', 1, 2],
  ])('a range: %s', async (_, range, first, last) => {
    const answer = await fetch(vocals, { headers: { Range: range } })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/1000`)
    expect(answer.headers.get('content-length')).toBe(String(last - first + 1))
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes.subarray(first, last + 1))
  })

  test.each(['bytes=1000-', 'bytes=1000-1001', `bytes=${'9'.repeat(40)}-`, 'bytes=-0'])(
    'beyond the end: %s',
    async (range) => {
      const answer = await fetch(vocals, { headers: { Range: range } })
      expect(answer.status).toBe(416)
      expect(answer.headers.get('content-range')).toBe('bytes */1000')
      expect(await answer.text()).toBe('')
    },
  )

  test.each([
    'bytes=0-1,4-5',
    'bytes=5-2',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'seconds=0-1',
    '0-1',
    'bytes=0x0-0x1',
  ])('what is no single range is answered with all of it: %s', async (range) => {
    const answer = await fetch(vocals, { headers: { Range: range } })
    expect(answer.status).toBe(200)
    expect((await answer.arrayBuffer()).byteLength).toBe(1000)
  })

  test('a range of what has changed since is all of it', async () => {
    const { headers } = await fetch(vocals)
    const status = async (unchanged: string | null) =>
      (await fetch(vocals, { headers: { Range: 'bytes=0-9', 'If-Range': unchanged ?? '' } })).status
    expect(await status(headers.get('etag'))).toBe(206)
    expect(await status(headers.get('last-modified'))).toBe(206)
    expect(await status('"another"')).toBe(200)
    expect(await status(`W/${headers.get('etag')}`)).toBe(200)
    expect(await status(new Date(0).toUTCString())).toBe(200)
  })

  test('what is known is not sent again', async () => {
    const first = await fetch(vocals)
    const etag = first.headers.get('etag') ?? ''
    const modified = first.headers.get('last-modified') ?? ''
    const status = async (headers: Record<string, string>) => (await fetch(vocals, { headers })).status
    expect(await status({ 'If-None-Match': etag })).toBe(304)
    expect(await status({ 'If-None-Match': `"a", W/${etag}` })).toBe(304)
    expect(await status({ 'If-None-Match': '*' })).toBe(304)
    expect(await status({ 'If-None-Match': etag, Range: 'bytes=0-1' })).toBe(304)
    expect(await status({ 'If-Modified-Since': modified })).toBe(304)
    expect(await status({ 'If-None-Match': '"another"', 'If-Modified-Since': modified })).toBe(200)
    expect(await status({ 'If-Modified-Since': new Date(0).toUTCString() })).toBe(200)
    expect(await status({ 'If-Modified-Since': 'yesterday' })).toBe(200)
    const known = await fetch(vocals, { headers: { 'If-None-Match': etag } })
    expect(known.headers.get('etag')).toBe(etag)
    expect(known.headers.get('cache-control')).toContain('immutable')
  })

  test('an empty one is empty', async () => {
    const { at } = await song({ stems: { vocals: Buffer.alloc(0) } })
    const address = `${at}stems/Band%20-%20Song%20(vocals).mp3`
    const answer = await fetch(address)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('')
    expect((await fetch(address, { headers: { Range: 'bytes=0-' } })).status).toBe(416)
  })

  test.each(['flac', 'wav'] as const)('of another type: %s', async (format) => {
    const { at } = await song({ format })
    const answer = await fetch(`${at}stems/Band%20-%20Song%20(vocals).${format}`)
    expect(answer.headers.get('content-type')).toBe(`audio/${format}`)
  })

  test('with a name in any script, that ends no header', async () => {
    const title = `Ünï 歌 "quo'te" 100% \r\n🎸`
    const { at } = await song({ title: title.replace(/[\r\n]/g, ''), artist: 'A;b' })
    const told = (await (await fetch(`${at}song.json`)).json()) as Song
    const { name = '', address = '' } = told.stems[0]?.download ?? {}
    const answer = await fetch(at + address)
    expect(answer.status).toBe(200)
    const disposition = answer.headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(/^attachment; filename="[^"]*"; filename\*=UTF-8''[\w!#$&+^`|~.%-]+$/)
    expect(decodeURIComponent(disposition.split("UTF-8''")[1] ?? '')).toBe(name)
    expect(attachment('a"b\\c%41\r\nSet-Cookie: é.mp3')).toBe(
      `attachment; filename="a_b_c_41__Set-Cookie: _.mp3"; filename*=UTF-8''a%22b%5Cc%2541%0D%0ASet-Cookie%3A%20%C3%A9.mp3`,
    )
  })

  test.each([
    '../..',
    '../../..',
    '%2e%2e%2f',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%5c..%5cetc%5cpasswd',
    '..\\..\\etc\\passwd',
    '%2fetc%2fpasswd',
    '/etc/passwd',
    '%00',
    'Band%20-%20Song%20(vocals).mp3%00',
    'Band%20-%20Song%20(vocals).mp3%00.txt',
    'Band%20-%20Song%20(vocals).mp3/',
    './Band%20-%20Song%20(drums).mp3',
    'band%20-%20song%20(vocals).mp3',
    'Band%20-%20Secret%20(vocals).mp3',
    `${other.folders.delivery.replaceAll('/', '%2f')}%2fBand%20-%20Secret%20(vocals).mp3`,
    'vocals.pieces',
    'analysis.json',
    '%E0%A4%A',
    '%',
    'C:%5cwindows',
    '~',
    '',
    'a'.repeat(300),
  ])('a path that leads elsewhere leads nowhere: %s', async (name) => {
    const answer = await raw(`${at}stems/${name}`)
    expect([400, 404]).toContain(answer.statusCode)
    let said = ''
    for await (const chunk of answer) said += chunk
    expect(said).not.toMatch(/root:|secret/)
  })
})

describe('all stems in one', async () => {
  const { world, song, raw } = await openPages()
  const unzip = async (path: string) => {
    const script =
      'import hashlib, json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n' +
      '  assert z.testzip() is None\n  print(json.dumps({i.filename: [hashlib.sha256(z.read(i)).hexdigest(), i.compress_type, i.date_time[0]] for i in z.infolist()}))'
    const { stdout } = await promisify(execFile)('python3', ['-c', script, path])
    return JSON.parse(stdout) as Record<string, [string, number, number]>
  }
  const sha256 = async (bytes: Buffer) =>
    Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex')

  test('a zip that others can read, of the size that it said, with the analysis', async () => {
    const stems = { vocals: Buffer.alloc(3 * MiB, 'vocals'), drums: Buffer.alloc(2 * MiB + 1, 'drums') }
    const { at } = await song({ title: 'Ünï 歌 🎸', stems })
    const { zip } = (await (await fetch(`${at}song.json`)).json()) as Song
    const answer = await fetch(at + zip?.address)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/zip')
    expect(answer.headers.get('content-disposition')).toContain(encodeURIComponent('Ünï 歌 🎸'))
    expect(answer.headers.get('cache-control')).toBe('private, no-cache')
    expect(answer.headers.get('content-length')).toBe(String(zip?.bytes))
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(bytes.length).toBe(zip?.bytes)
    const path = join(world.folder, 'stems.zip')
    await writeFile(path, bytes)
    const year = new Date().getFullYear()
    expect(await unzip(path)).toEqual({
      'Band - Ünï 歌 🎸 (vocals).mp3': [await sha256(stems.vocals), 0, year],
      'Band - Ünï 歌 🎸 (drums).mp3': [await sha256(stems.drums), 0, year],
      'analysis.json': [await sha256(Buffer.from('{"bpm": 120}')), 0, year],
    })
  })

  test('HEAD says how large it is', async () => {
    const { at } = await song()
    const { zip } = (await (await fetch(`${at}song.json`)).json()) as Song
    const answer = await raw(`${at}stems.zip`, { method: 'HEAD' })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-length']).toBe(String(zip?.bytes))
  })

  test('is known to be larger than 4 GiB, where it is', async () => {
    const { at, folders } = await song({ format: 'wav' })
    for (const stem of ['vocals', 'drums'])
      await truncate(world.pathOf(`${folders.delivery}/Band - Song (${stem}).wav`), 3 * 1024 * MiB)
    const { zip } = (await (await fetch(`${at}song.json`)).json()) as Song
    expect(zip?.bytes).toBeGreaterThan(6 * 1024 * MiB)
  })

  test('a file that vanishes under way breaks the answer off', async () => {
    const { at, folders } = await song({ format: 'wav' })
    const first = world.pathOf(`${folders.delivery}/Band - Song (vocals).wav`)
    await truncate(first, 64 * MiB)
    const answer = await raw(`${at}stems.zip`)
    await once(answer, 'readable')
    await rm(world.pathOf(`${folders.delivery}/Band - Song (drums).wav`))
    let end = ''
    const reading = (async () => {
      for await (const chunk of answer) end = chunk.toString('latin1').slice(-1000)
    })()
    await expect(reading).rejects.toThrow()
    expect(end).not.toMatch(/error|ENOENT/i)
  })
})

describe.skipIf(process.platform !== 'linux')('a person who goes away', async () => {
  const { world, song, raw, openFiles } = await openPages()
  const { at, folders } = await song({ format: 'wav' })
  for (const stem of ['vocals', 'drums'])
    await truncate(world.pathOf(`${folders.delivery}/Band - Song (${stem}).wav`), 256 * MiB)
  const stem = `${at}stems/Band%20-%20Song%20(vocals).wav`

  test.each([
    ['a stem', stem, {}],
    ['the end of one', stem, { Range: 'bytes=1000000-' }],
    ['the zip', `${at}stems.zip`, {}],
  ])('in the middle of %s leaves no file open', async (_, address, headers) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => raw(address, { headers })))
    for (const answer of answers) await once(answer, 'readable')
    expect(openFiles()).toBeGreaterThanOrEqual(20)
    for (const answer of answers) answer.destroy()
    await until(() => openFiles() === 0)
  })

  test('at once leaves no file open', async () => {
    const { hostname, port, pathname } = new URL(stem)
    for (let count = 0; count < 50; count++) {
      const request = httpRequest({ hostname, port, path: pathname, agent: false }).on('error', () => {})
      request.end()
      await once(request, 'finish')
      request.destroy()
    }
    await (await fetch(stem, { headers: { Range: 'bytes=0-9' } })).text()
    await until(() => openFiles() === 0)
  })

  test('asks with HEAD, or for what is known, opens none', async () => {
    const head = await raw(stem, { method: 'HEAD' })
    head.resume()
    await raw(`${at}stems.zip`, { method: 'HEAD' })
    await fetch(stem, { headers: { 'If-None-Match': '*' } })
    expect(openFiles()).toBe(0)
  })

  test('and those who read nothing cost no more memory than a buffer each', async () => {
    const before = process.memoryUsage().arrayBuffers
    const stalled = await Promise.all(
      Array.from({ length: 20 }, (_, at) => raw(at % 2 ? stem : `${stem.replace(/stems\/.*/, 'stems.zip')}`)),
    )
    // Somebody else is served all the same; by then whatever was to be read ahead has been.
    const answer = await raw(stem)
    let received = 0
    for await (const chunk of answer) received += chunk.length
    expect(received).toBe(256 * MiB)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * MiB)
    for (const one of stalled) one.destroy()
    await until(() => openFiles() === 0)
  })
})
