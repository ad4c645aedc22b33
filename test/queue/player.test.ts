// The stems as the results page plays them: made with the delivery to a place that has such a page, once a separation.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/store/requests.ts'
import { createWorld, newSong } from '../support/world.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals']

describe('what the results page plays', async () => {
  const world = await createWorld()
  await world.script({})
  await world.worker().decided
  const room = { platform: 'room' }
  const forPlayer = (request: Request) =>
    world.rows(
      `select stem, file, bytes::int as bytes, bitrate_kbps as kbps from encodings where separation_id = $1 and format = 'player' order by stem`,
      [request.separationId],
    )
  const callsSince = async (before: number) => (await world.calls()).slice(before)

  test('is there of all stems when a request in the room is delivered, also of those not asked for', async () => {
    const { request } = await world.ask(newSong(), { ...room, stems: ['vocals'] })
    expect(await world.ended(request)).toEqual({ state: 'delivered', code: null, message: null })
    const [delivered] = await world.rows(`select result from stages where owner = $1`, [request.id])
    expect(delivered?.result.stems.map(({ stem }: { stem: string }) => stem)).toEqual(['vocals'])
    const made = await forPlayer(request)
    expect(made.map(({ stem }) => stem)).toEqual(STEMS)
    for (const { stem, file, bytes, kbps } of made) {
      expect(file).toMatch(new RegExp(`^${request.id}/delivery/[^/]+/${stem}\\.pieces$`))
      expect((await readFile(world.pathOf(file))).length).toBe(bytes)
      expect(JSON.parse(await readFile(world.pathOf(`${file}.json`), 'utf8'))).toMatchObject({
        samples: 1323000,
      })
      expect(kbps).toBe(0)
    }
  })

  test('is not made for a terminal, where no page is', async () => {
    const { request } = await world.ask()
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect(await forPlayer(request)).toEqual([])
  })

  test('is made once a separation, whoever asks for it again and in what format', async () => {
    const song = newSong()
    const first = await world.ask(song, room)
    await world.ended(first.request)
    const made = await forPlayer(first.request)
    const before = (await world.calls()).length
    const second = await world.ask(song, { ...room, format: 'flac' })
    await world.ended(second.request)
    expect(await callsSince(before)).toEqual(['encode'])
    const third = await world.ask(song, { ...room, person: 'bob' })
    expect(await world.ended(third.request)).toMatchObject({ state: 'delivered' })
    expect(await callsSince(before)).toEqual(['encode'])
    expect(await forPlayer(third.request)).toEqual(made)
  })

  test('is made for the room from what a terminal had split', async () => {
    const song = newSong()
    await world.ended((await world.ask(song)).request)
    const before = (await world.calls()).length
    const { request } = await world.ask(song, room)
    expect(await world.ended(request)).toMatchObject({ state: 'delivered' })
    expect(await callsSince(before)).toEqual(['encode'])
    expect((await forPlayer(request)).map(({ stem }) => stem)).toEqual(STEMS)
  })

  test.each(['.json', ''])('is made anew for stems whose file with the ending "%s" was lost', async (end) => {
    const song = newSong()
    const first = await world.ask(song, room)
    await world.ended(first.request)
    const before = await forPlayer(first.request)
    const [bass, ...others] = before
    await world.services.files.remove(`${bass?.file}${end}`)
    const { request } = await world.ask(song, { ...room, person: 'bob' })
    await world.ended(request)
    const after = await forPlayer(request)
    expect(after.slice(1)).toEqual(others)
    expect(after[0]?.file).toContain(request.id)
  })
})

describe('a delivery whose player files fail', async () => {
  const world = await createWorld()

  test('is tried again, and nothing of the failed attempt is seen', async () => {
    const failing = { do: 'error', code: 'disk_full', retryable: true, message: 'The disk is full.' }
    await world.script({ encode: [{ do: 'succeed' }, failing, { do: 'succeed' }] })
    await world.worker().decided
    const { request } = await world.ask(newSong(), { platform: 'room' })
    expect(await world.ended(request)).toMatchObject({ state: 'delivered' })
    expect((await world.calls()).filter((tool) => tool === 'encode')).toHaveLength(4)
    const made = await world.rows(`select format, file from encodings where separation_id = $1`, [
      request.separationId,
    ])
    expect(made.map(({ format }) => format).sort()).toEqual([
      ...Array(4).fill('mp3'),
      ...Array(4).fill('player'),
    ])
    const [stage] = await world.rows(`select folder from stages where owner = $1`, [request.id])
    for (const { file } of made) expect(file.startsWith(stage?.folder)).toBe(true)
  })
})
