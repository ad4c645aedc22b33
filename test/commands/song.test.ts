import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { analyze } from '../../commands/analyze.ts'
import { cancel } from '../../commands/cancel.ts'
import { separate } from '../../commands/separate.ts'
import { fileSource, type GivenFile } from '../../src/domain/source.ts'
import { createWorld } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

const songFile = (): GivenFile => fileSource(randomUUID().replaceAll('-', '').repeat(2), 'Song.flac')

describe.each([
  ['separate', separate],
  ['analyze', analyze],
])('%s', async (_, command) => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })

  test.each([
    [{}, 'not_a_song'],
    [{ song: '   ' }, 'not_a_song'],
    [{ song: '🎵🎵🎵' }, 'not_a_song'],
    [{ song: 'x'.repeat(1000) }, 'not_a_song'],
    [{ song: 'x'.repeat(5000) }, 'bad_usage'],
    [{ song: 'javascript:alert(1)' }, 'not_a_song'],
    [{ song: `https://open.spotify.com/episode/${'a'.repeat(22)}` }, 'unsupported_link'],
    [{ song: 'https://vimeo.com/76979871' }, 'source_closed'],
    [{ song: 'a song', nonsense: 1 }, 'bad_usage'],
  ])('%j is answered with %s, and leaves nothing behind', async (given, code) => {
    const count =
      'select (select count(*)::int from requests) + (select count(*)::int from interactions) as n'
    const before = await world.rows(count)
    await expect(ann.gives(command, given)).rejects.toMatchObject({ code })
    expect(await world.rows(count)).toEqual(before)
  })

  test('of a song and a file at once is refused', async () => {
    await expect(ann.gives(command, { song: 'a song' }, songFile())).rejects.toMatchObject({
      code: 'not_a_song',
      message: expect.stringMatching(/not both/),
    })
  })

  test('makes a request for words, a link or a file, and a message that will show it', async () => {
    const claims = [
      await ann.gives(command, { song: '  Ärger\nim\u0000 Übungsraum 🎵 ' }),
      await ann.gives(command, { song: 'https://music.example/a.flac' }),
      await ann.gives(command, {}, songFile()),
    ]
    for (const { kind, request, standing } of claims) {
      expect({ kind, standing }).toEqual({ kind: 'request', standing: 'new' })
      expect(request.separationId === null).toBe(command.name === 'analyze')
      const [message] = await world.rows('select state, channel from messages where request_id = $1', [
        request.id,
      ])
      expect(message).toEqual({ state: 'open', channel: 'rehearsals' })
    }
  })

  test('given again within 300 s gets the request that is there; later, by another or elsewhere a new one', async () => {
    const song = { song: randomUUID() }
    const first = await ann.gives(command, song)
    expect(await ann.gives(command, song)).toMatchObject({
      standing: 'same',
      request: { id: first.request.id },
    })
    expect(await personIn(deps, { person: 'bob' }).gives(command, song)).toMatchObject({ standing: 'new' })
    const elsewhere = personIn(deps, { person: 'ann', channel: 'crew' })
    expect(await elsewhere.gives(command, song)).toMatchObject({ standing: 'new' })
    await world.rows(`update requests set created_at = now() - interval '301 seconds' where id = $1`, [
      first.request.id,
    ])
    expect(await ann.gives(command, song)).toMatchObject({ standing: 'new' })
  })

  test('is refused to who has too many under way, and to nobody else', async () => {
    const few = depsOf(world, { maxOpenRequests: 2 })
    const eve = personIn(few, { person: 'eve' })
    const { request } = await eve.gives(command, { song: 'one' })
    await eve.gives(command, { song: 'two' })
    await expect(eve.gives(command, { song: 'three' })).rejects.toMatchObject({ code: 'too_many_requests' })
    // What is there already is no more than there was.
    expect(await eve.gives(command, { song: 'two' })).toMatchObject({ standing: 'same' })
    expect(await personIn(few, { person: 'bob' }).gives(command, { song: 'three' })).toMatchObject({
      standing: 'new',
    })
    await eve.gives(cancel, { number: request.number })
    expect(await eve.gives(command, { song: 'three' })).toMatchObject({ standing: 'new' })
  })
})

describe('analyze beside separate', async () => {
  const world = await createWorld()
  await world.script({})
  const ann = personIn(depsOf(world), { person: 'ann' })

  test('of the same song within 300 s is a request of its own that shares the work', async () => {
    const stems = await ann.gives(separate, { song: 'https://music.example/same.mp3' })
    const facts = await ann.gives(analyze, { song: 'https://music.example/same.mp3' })
    expect(facts).toMatchObject({ standing: 'new', request: { trackId: stems.request.trackId } })
    expect(await ann.gives(separate, { song: 'https://music.example/same.mp3' })).toMatchObject({
      standing: 'same',
      request: { id: stems.request.id },
    })
    await world.worker().decided
    expect(await world.ended(facts.request)).toMatchObject({ state: 'ready' })
    expect(await world.ended(stems.request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice().sort()).toEqual(['analyze', 'download', 'encode', 'separate'])
  })

  test('alone splits nothing', async () => {
    const before = (await world.calls()).length
    const { request } = await ann.gives(analyze, { song: 'https://music.example/another.mp3' })
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    expect((await world.calls()).slice(before)).toEqual(['download', 'analyze'])
  })
})
