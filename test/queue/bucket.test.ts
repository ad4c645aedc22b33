// Requests whose files lie in a bucket: the way of each through its stages, what is handed over, and what happens when the bucket is away.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DeleteObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { separate } from '../../commands/separate.ts'
import { roomMessage } from '../../src/chat/room/messages.ts'
import { takeOut } from '../../src/chat/terminal/takeout.ts'
import { UserError } from '../../src/errors.ts'
import { openFiles } from '../../src/files/open.ts'
import { retryRequest } from '../../src/queue/retry.ts'
import { openServices, type Services } from '../../src/services.ts'
import { removeUnasked } from '../../src/stages/expiry.ts'
import { holdFileStore } from '../../src/store/one-file-store.ts'
import { prune } from '../../src/store/pruning.ts'
import type { Request } from '../../src/store/requests.ts'
import { resultsAddress } from '../../src/store/results.ts'
import { namedFolders } from '../../src/store/stages.ts'
import { resultsApp } from '../../src/web/results/app.ts'
import type { Song } from '../../src/web/results/wire.ts'
import { startWebServer } from '../../src/web/server.ts'
import { depsOf, personIn } from '../commands/person.ts'
import { createDiscordBand, stemsOf } from '../support/discord-band.ts'
import { openDoor } from '../support/outage.ts'
import { startS3 } from '../support/s3-server.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong, type World } from '../support/world.ts'

const s3 = await startS3()
afterAll(() => s3.stop())

/** Everything in the bucket whose name begins so. */
async function objects(of: string): Promise<string[]> {
  const names: string[] = []
  const query = { Bucket: s3.bucket, Prefix: s3.prefix + of }
  for await (const page of paginateListObjectsV2({ client: s3.client }, query))
    names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(s3.prefix.length)))
  return names
}

/** A machine of the same installation that has nothing of its own. */
async function anotherMachine(world: World): Promise<Services> {
  const settings = { ...world.settings, DATA_DIR: join(world.folder, randomUUID()) }
  const services = await openServices(settings, world.log, () => {})
  world.onClose(() => services.close())
  return services
}

async function servePages({ db, files }: Services, world: World) {
  const app = resultsApp({ db, files, page: (context) => context.html('<p>the page</p>') })
  const server = await startWebServer({ host: '127.0.0.1', port: 0 }, [app], world.log)
  world.onClose(() => server.stop())
  return { addressOf: async ({ id }: Request) => `${server.url}${await resultsAddress(db, id, new Date())}` }
}

const folderOf = async (world: World, owner: string | null, stage: string): Promise<string> =>
  (await world.rows('select folder from stages where owner = $1 and stage = $2', [owner, stage]))[0]?.[
    'folder'
  ]

describe('a request whose files lie in a bucket', async () => {
  const door = await openDoor({ host: '127.0.0.1', port: s3.port })
  const world = await createWorld({ ...s3.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${door.port}` })
  world.onClose(() => door.shut().catch(() => {}))
  await world.script({})
  await world.worker().decided
  const elsewhere = await anotherMachine(world)
  const pages = await servePages(elsewhere, world)
  const inRoom = { platform: 'room' }
  const delivered = async (request: Request) => {
    expect(await world.ended(request)).toEqual({ state: 'delivered', code: null, message: null })
    return request
  }
  const next = async (tool: 'separate' | 'encode', actions: object[]) => {
    const call = (await world.calls()).filter((name) => name === tool).length
    await world.script({ [tool]: [...Array(call).fill({ do: 'succeed' }), ...actions, { do: 'succeed' }] })
  }
  const events = (kind: string, { trackId }: Request) =>
    world.rows('select queue, error_code as code from job_events where kind = $1 and track_id = $2', [
      kind,
      trackId,
    ])

  test('is delivered, and each of its stages keeps what it made there', async () => {
    const request = await delivered((await world.ask(newSong(), inRoom)).request)
    const made = {
      download: [request.trackId, ['audio.flac']],
      analysis: [request.trackId, ['analysis.json', 'waveform.png']],
      processing: [request.separationId, ['bass.flac', 'drums.flac', 'other.flac', 'vocals.flac']],
    } as const
    for (const [stage, [owner, names]] of Object.entries(made)) {
      const folder = await folderOf(world, owner, stage)
      expect(await objects(`${folder}/`)).toEqual(names.map((name) => `${folder}/${name}`))
    }
    expect(await objects(`${await folderOf(world, request.id, 'delivery')}/`)).toHaveLength(4 + 8)
    expect(await readdir(join(world.settings.DATA_DIR, 'files'))).toEqual([])
  })

  test('has a page on every machine, by ranges, and all stems in one', async () => {
    await next('encode', [{ do: 'succeed', bytes: 300_000 }])
    const request = await delivered((await world.ask(newSong(), inRoom)).request)
    const page = await pages.addressOf(request)
    const song = (await (await fetch(`${page}song.json`)).json()) as Song
    expect(song.stems.map(({ stem, pieces }) => `${stem} ${pieces}`)).toEqual([
      'vocals 6',
      'drums 6',
      'bass 6',
      'other 6',
    ])
    const stem = `${page}${song.stems[0]?.download?.address}`
    const whole = await fetch(stem)
    expect(whole.headers.get('content-length')).toBe('300000')
    const bytes = Buffer.from(await whole.arrayBuffer())
    expect(bytes).toEqual(Buffer.from('audio'.padEnd(300_000)))
    for (const [range, expected] of [
      ['bytes=0-3', bytes.subarray(0, 4)],
      ['bytes=299999-', bytes.subarray(299_999)],
      ['bytes=-2', bytes.subarray(-2)],
    ] as const) {
      const part = await fetch(stem, { headers: { Range: range } })
      expect(part.status).toBe(206)
      expect(Buffer.from(await part.arrayBuffer())).toEqual(expected)
    }
    expect((await fetch(stem, { headers: { Range: 'bytes=300000-' } })).status).toBe(416)
    const etag = whole.headers.get('etag') ?? ''
    expect((await fetch(stem, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    expect(await (await fetch(`${page}player/drums/5.flac`)).text()).toBe('piece')

    const path = join(world.folder, 'stems.zip')
    await writeFile(path, Buffer.from(await (await fetch(`${page}stems.zip`)).arrayBuffer()))
    const script =
      'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z: assert z.testzip() is None; print(json.dumps(z.namelist()))'
    const names = JSON.parse((await promisify(execFile)('python3', ['-c', script, path])).stdout)
    expect(names).toHaveLength(5)
    expect(await readdir(join(world.settings.DATA_DIR, 'cache', 'files'))).not.toEqual([])
  })

  test('can be taken out at a terminal of another machine', async () => {
    const { request } = await world.ask(newSong())
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const out = join(world.folder, 'out')
    const taken = await takeOut(elsewhere, request.id, out)
    expect(taken.files).toHaveLength(5)
    for (const file of taken.files.slice(0, 4))
      expect(await readFile(join(taken.folder, file), 'utf8')).toBe('audio')
    expect(JSON.parse(await readFile(join(taken.folder, 'analysis.json'), 'utf8'))).toMatchObject({
      bpm: 120,
    })
  })

  test('asked for again is answered without any tool, and after its files were deleted made anew', async () => {
    const song = newSong()
    const first = await delivered((await world.ask(song, inRoom)).request)
    let before = (await world.calls()).length
    await delivered((await world.ask(song, { ...inRoom, person: 'bob' })).request)
    expect((await world.calls()).length).toBe(before)

    const page = await pages.addressOf(first)
    for (const owner of [first.trackId, first.separationId, first.id])
      await elsewhere.files.remove(owner ?? '')
    for (const below of ['', 'song.json', 'stems.zip', 'player/vocals/0.flac'])
      expect((await fetch(page + below)).status).toBe(410)
    const out = takeOut(elsewhere, first.id, join(world.folder, 'gone'))
    await expect(out).rejects.toMatchObject({ code: 'files_gone' })
    before = (await world.calls()).length
    const again = await delivered((await world.ask(song, { ...inRoom, person: 'cho' })).request)
    expect((await world.calls()).slice(before).sort()).toEqual([
      'analyze',
      'download',
      'encode',
      'encode',
      'separate',
    ])
    expect((await fetch(`${await pages.addressOf(again)}song.json`)).status).toBe(200)
  })

  test('whose stems lost a file fails in one sentence, and Retry has them made anew', async () => {
    const song = newSong()
    await delivered((await world.ask(song, inRoom)).request)
    const { request } = await world.ask(song, { ...inRoom, format: 'flac', person: 'bob' })
    await delivered(request)
    const masters = await folderOf(world, request.separationId, 'processing')
    await s3.client.send(
      new DeleteObjectCommand({ Bucket: s3.bucket, Key: `${s3.prefix}${masters}/drums.flac` }),
    )
    const wav = (await world.ask(song, { ...inRoom, format: 'wav', person: 'cho' })).request
    expect(await world.ended(wav)).toEqual({
      state: 'failed',
      code: 'files_gone',
      message: 'Files of this song are no longer there: ask for it again, or press Retry.',
    })
    const before = (await world.calls()).length
    expect(await retryRequest(depsOf(world), wav.id)).toBe(true)
    await delivered(wav)
    expect((await world.calls()).slice(before)).toContain('separate')
  })

  test('is kept by others in another bucket: who starts hears where', async () => {
    const { FILES } = world.settings
    const opened = async (more: Partial<typeof world.settings>) => {
      const files = await openFiles({ ...world.settings, ...more }, world.settings.DATA_DIR)
      await files.close()
      return files.name
    }
    const held = await holdFileStore(world.services.db, await opened({ FILES: `${FILES}/a` }))
    await expect(
      holdFileStore(world.services.db, await opened({ FILES: `${FILES}/b` })),
    ).rejects.toMatchObject({
      code: 'files_unavailable',
      message: expect.stringMatching(
        /^Other processes of this database keep songs in s3:\/\/.*: set FILES to/,
      ),
    })
    // By another address of the same store, too.
    const { port } = new URL(world.settings.AWS_ENDPOINT_URL ?? '')
    const same = { FILES: `${FILES}/a/`, AWS_ENDPOINT_URL: `http://localhost:${port}` }
    await (await holdFileStore(world.services.db, await opened(same))).release()
    await held.release()
  })

  test('that nobody asks for any more goes from the bucket; what could not be removed, a sweep removes', async () => {
    const song = newSong()
    const request = await delivered((await world.ask(song, inRoom)).request)
    const folders = (
      await world.rows('select folder from stages where track_id = $1 and folder is not null', [
        request.trackId,
      ])
    ).map(({ folder }) => String(folder))
    await world.rows(
      `update requests set created_at = now() - interval '9 days', ended_at = now() - interval '9 days' where id = $1`,
      [request.id],
    )
    await world.rows(`update stages set finished_at = now() - interval '9 days' where track_id = $1`, [
      request.trackId,
    ])
    await door.shut()
    await expect(removeUnasked(world.services, 7)).rejects.toMatchObject({ code: 'files_unavailable' })
    await door.open()
    await prune(world.services.db, 365)
    const { files, db } = elsewhere
    expect(await namedFolders(db, folders)).toEqual(new Set())
    await files.sweep(async (names) => new Set(names.filter((name) => !folders.includes(name))), -3600)
    for (const folder of folders) expect(await objects(`${folder}/`)).toEqual([])
    await delivered((await world.ask(song, { ...inRoom, person: 'bob' })).request)
  })

  test('leaves nothing of an attempt that failed', async () => {
    const failing = { do: 'error', code: 'disk_full', retryable: true, message: 'The disk is full.' }
    await next('encode', [{ do: 'succeed' }, failing])
    const request = await delivered((await world.ask(newSong(), inRoom)).request)
    expect(await events('exception', request)).toHaveLength(1)
    const folder = await folderOf(world, request.id, 'delivery')
    expect((await objects(`${request.id}/`)).every((name) => name.startsWith(`${folder}/`))).toBe(true)
  })

  test('waits while the bucket is away, which costs no attempt, and goes on when it is back', async () => {
    const song = newSong()
    await delivered((await world.ask(song, inRoom)).request)
    await next('separate', [{ do: 'succeed', seconds: 2 }])
    const { request } = await world.ask(newSong(), inRoom)
    await world.running(request.separationId, 'processing')
    await door.shut()
    const postponed = await until(async () => {
      const rows = await events('postponed', request)
      return rows.some(({ queue }) => queue === 'processing') && rows
    }, 60)
    expect(new Set(postponed.map(({ code }) => code))).toEqual(new Set(['files_unavailable']))
    const [card] = await world.rows('select error_message as said from stages where owner = $1', [
      request.separationId,
    ])
    expect(card?.['said']).toBe('the file store cannot be reached; it goes on when it can')

    // What a person asks for that needs the bucket is answered in words.
    const ann = personIn(depsOf(world), { person: 'ann' })
    const asked = ann.gives(separate, {}, song as never).catch((error: unknown) => error)
    expect(await asked).toMatchObject({ code: 'files_unavailable' })
    expect(await asked).not.toBeInstanceOf(UserError)
    await door.open()
    await delivered(request)
    expect(await events('exception', request)).toEqual([])
  })

  test('is not shown as gone while the bucket is away, and its room can be read', async () => {
    const request = await delivered((await world.ask(newSong(), inRoom)).request)
    const here = await servePages(world.services, world)
    const page = await here.addressOf(request)
    await door.shut()
    for (const below of ['', 'song.json', 'stems.zip', 'player/vocals/0.flac']) {
      const answer = await fetch(page + below)
      expect([below, answer.status]).toEqual([below, 503])
      expect(await answer.json()).toMatchObject({ error: { code: 'files_unavailable' } })
    }
    const by = { personId: 'ann', personName: 'ann' }
    const shown = { ...by, id: 'r1', room: 'band', at: new Date(), text: null, requestId: request.id }
    const message = () => roomMessage(world.services, shown)
    expect(await message()).toMatchObject({ card: { state: 'delivered', stems: [], zip: null } })
    await door.open()
    expect((await fetch(`${page}song.json`)).status).toBe(200)
    expect(await message()).toMatchObject({ card: { stems: { length: 4 }, zip: expect.anything() } })
  })
})

describe('on Discord, stems out of a bucket', async () => {
  const band = await createDiscordBand('quick', s3.env)
  await band.world.script({})
  await band.start()

  test('come onto the message, also those that were encoded before', async () => {
    for (const user of [band.ann, band.discord.user({ name: 'bob' })]) {
      const message = await band.shown(await band.separate({}, { user }))
      await band.delivered(message)
      expect(stemsOf(message).sort()).toEqual([
        'Band-Song-bass.mp3',
        'Band-Song-drums.mp3',
        'Band-Song-other.mp3',
        'Band-Song-vocals.mp3',
        'waveform.png',
      ])
      for (const attachment of message.attachments)
        expect(band.discord.bytesOf(attachment).toString()).toBe('audio')
    }
  })
})
