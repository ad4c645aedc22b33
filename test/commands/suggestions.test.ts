import { describe, expect, test } from 'vitest'
import { analyze } from '../../commands/analyze.ts'
import { cancel } from '../../commands/cancel.ts'
import { retry } from '../../commands/retry.ts'
import { separate } from '../../commands/separate.ts'
import { status } from '../../commands/status.ts'
import { suggestStems } from '../../commands/stems.ts'
import { attachmentSource } from '../../src/domain/source.ts'
import { createWorld, newSong } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

const HOSTILE = [
  '%',
  '_',
  '\\',
  "'; drop table requests; --",
  'x'.repeat(5000),
  'a\nb\u0000c',
  '🎵'.repeat(200),
  '\ud800',
  '@{1} #{2}',
  ',,,,',
]

describe('the song', async () => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })
  const describeSong = (title: string, artist: string | null, requestId: string) =>
    world.rows(
      'update tracks set title = $2, artist = $3 where id = (select track_id from requests where id = $1)',
      [requestId, title, artist],
    )
  const rick = '4uLU6hMCjMI75M1A2tKUQC'
  const asked = async (song: string, title?: string, artist: string | null = null) => {
    const { request } = await ann.gives(separate, { song })
    if (title) await describeSong(title, artist, request.id)
    return request
  }
  await asked(`https://open.spotify.com/track/${rick}`, 'Never Gonna Give You Up', 'Rick Astley')
  await asked('Ärger im Übungsraum', 'Ärger_im 100% Übungsraum', 'Die Bänd')
  await asked('https://music.example/first.flac')
  await asked(`https://music.example/${'x'.repeat(200)}.flac`, 'Too long an address', 'Rick')
  await ann.gives(separate, {}, newSong() as never)
  const origin = 'https://cdn.example'
  const file = { id: '1', url: `${origin}/a.mp3`, name: 'Rick demo.mp3' }
  const upload = attachmentSource('terminal', file, [origin], null)
  await ann.gives(separate, {}, upload)

  test('is completed with what was asked for in the same workspace, newest first', async () => {
    const all = [
      { label: 'https://music.example/first.flac', value: 'https://music.example/first.flac' },
      { label: 'Die Bänd - Ärger_im 100% Übungsraum', value: 'Ärger im Übungsraum' },
      { label: 'Rick Astley - Never Gonna Give You Up', value: `spotify:track:${rick}` },
    ]
    expect(await ann.types(separate, 'song', '')).toEqual(all)
    expect(await ann.types(analyze, 'song', '')).toEqual(all)
    const elsewhere = personIn(deps, { person: 'bob', channel: 'crew' })
    expect(await elsewhere.types(separate, 'song', '')).toEqual(all)
    const stranger = personIn(deps, { person: 'ann', workspace: 'other band' })
    expect(await stranger.types(separate, 'song', '')).toEqual([])
  })

  test.each([
    ['rick', [`spotify:track:${rick}`]],
    ['ASTLEY - never', [`spotify:track:${rick}`]],
    ['ÄRGER IM ü', ['Ärger im Übungsraum']],
    ['100%', ['Ärger im Übungsraum']],
    ['ärger_', ['Ärger im Übungsraum']],
    ['music.example', ['https://music.example/first.flac']],
    ['%ck', []],
    ['r_ck', []],
  ])('by %j is %j', async (text, values) => {
    expect((await ann.types(separate, 'song', text)).map(({ value }) => value)).toEqual(values)
  })

  test('chosen, leads to the same track', async () => {
    const bob = personIn(deps, { person: 'bob' })
    const tracks = new Set((await world.rows('select track_id from requests')).map((row) => row.track_id))
    for (const { value } of await ann.types(separate, 'song', '')) {
      const { request } = await bob.gives(separate, { song: value })
      expect(tracks).toContain(request.trackId)
    }
  })

  test('asked for without a workspace is completed in its own channel alone', async () => {
    const alone = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 1' })
    await alone.gives(separate, { song: 'A song of my own' })
    expect(await alone.types(separate, 'song', '')).toHaveLength(1)
    const other = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 2' })
    expect(await other.types(separate, 'song', '')).toEqual([])
  })

  test('with a hostile title stays one line within the limits', async () => {
    const evil = personIn(deps, { person: 'eve', workspace: 'evil' })
    const { request } = await evil.gives(separate, { song: 'evil song' })
    await describeSong(`${'🎵'.repeat(3000)}\n\u202e@{1}`, 'a\nb', request.id)
    const [suggestion] = await evil.types(separate, 'song', 'evil')
    expect(suggestion?.label.length).toBeLessThanOrEqual(100)
    expect(suggestion?.label).toMatch(/^a b - 🎵+…$/u)
    expect(suggestion?.value).toBe('evil song')
  })

  test('is one of 25 at most', async () => {
    const busy = personIn(deps, { person: 'ann', workspace: 'busy' })
    for (let number = 0; number < 30; number += 1) await busy.gives(analyze, { song: `song ${number}` })
    const found = await busy.types(separate, 'song', 'song')
    expect(found).toHaveLength(25)
    expect(found[0]?.value).toBe('song 29')
  })

  test.each(HOSTILE)('%j harms nothing', async (text) => {
    for (const { label, value } of await ann.types(separate, 'song', text)) {
      expect(label.length).toBeLessThanOrEqual(100)
      expect(value.length).toBeLessThanOrEqual(100)
    }
    await ann.types(separate, 'model', text)
    await ann.types(cancel, 'number', text)
    await ann.types(status, 'number', text)
  })
})

describe('the stems', () => {
  const values = (text: string) => suggestStems(text).map(({ value }) => value)

  test('are offered alone, all of them, and without the voice', () => {
    expect(values('')).toEqual([
      'all',
      'drums, bass, other',
      'vocals',
      'drums',
      'bass',
      'other',
      'guitar',
      'piano',
    ])
    expect(values('inst')).toEqual(['drums, bass, other'])
    expect(values('A')).toEqual(['all'])
  })

  test('are completed at the end of the list, each once', () => {
    expect(values('vocals, dr')).toEqual(['vocals, drums'])
    expect(values(' VOCALS,drums , ')).toEqual([
      'vocals, drums, bass',
      'vocals, drums, other',
      'vocals, drums, guitar',
      'vocals, drums, piano',
    ])
    expect(values('vocals')).toEqual([
      'vocals',
      'vocals, drums',
      'vocals, bass',
      'vocals, other',
      'vocals, guitar',
      'vocals, piano',
    ])
    expect(values('vocals, vo')).toEqual([])
  })

  test.each([...HOSTILE.filter((text) => text !== ',,,,'), 'kazoo, dr'])(
    '%j is completed with nothing',
    (text) => {
      expect(suggestStems(text)).toEqual([])
    },
  )
})

describe('the model', async () => {
  const world = await createWorld()
  const ann = personIn(depsOf(world), { person: 'ann' })

  test('is auto, or what a worker that lives can load', async () => {
    expect(await ann.types(separate, 'model', '')).toEqual([{ label: 'auto', value: 'auto' }])
    const models = [
      { name: 'starter', weights: 'a' },
      { name: 'htdemucs', weights: 'b' },
    ]
    await world.worker({ models }).decided
    const names = async (text: string) => (await ann.types(separate, 'model', text)).map(({ value }) => value)
    expect(await names('')).toEqual(['auto', 'htdemucs', 'starter'])
    expect(await names('HTD')).toEqual(['htdemucs'])
  })
})

describe('a number', async () => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })
  const bob = personIn(deps, { person: 'bob' })
  const open = (await ann.gives(separate, { song: 'open song' })).request
  const ended = (await ann.gives(separate, { song: 'ended song' })).request
  await ann.gives(cancel, { number: ended.number })
  await bob.gives(separate, { song: "bob's song" })
  const numbers = async (...given: Parameters<typeof ann.types>) =>
    (await ann.types(...given)).map(({ value }) => Number(value))

  test("is completed with the person's own requests that will do", async () => {
    expect(await ann.types(cancel, 'number', '')).toEqual([
      { label: `#${open.number} open song`, value: String(open.number) },
    ])
    expect(await numbers(retry, 'number', '')).toEqual([ended.number])
    expect(await numbers(status, 'number', '')).toEqual([ended.number, open.number])
    expect(await numbers(status, 'number', 'OPEN')).toEqual([open.number])
    expect(await numbers(status, 'number', String(ended.number))).toEqual([ended.number])
    expect(await numbers(status, 'number', 'bob')).toEqual([])
  })

  test('of another workspace is not offered', async () => {
    const away = personIn(deps, { person: 'ann', workspace: 'other band' })
    expect(await away.types(status, 'number', '')).toEqual([])
  })
})
