import { describe, expect, test } from 'vitest'
import { results } from '../../commands/results.ts'
import { deliverSong } from '../support/delivered.ts'
import { createWorld } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

describe('/results', async () => {
  const world = await createWorld()
  const publicUrl = 'https://stems.example/band'
  const place = { workspace: '', channel: 'band' }
  const ann = personIn(depsOf(world, { publicUrl }), { person: 'ann', ...place })

  test('before anything is delivered there is none', async () => {
    const { request } = await world.ask()
    await expect(ann.gives(results)).rejects.toMatchObject({ code: 'no_results' })
    for (const action of ['show', 'revoke'])
      await expect(ann.gives(results, { number: request.number, action })).rejects.toMatchObject({
        code: 'no_results',
      })
    expect(await ann.types(results, 'number', '')).toEqual([])
  })

  test('gives the address of the newest, or of a number, in words', async () => {
    const first = await deliverSong(world, { title: 'First &{https://evil.example/}' })
    const second = await deliverSong(world, { title: 'Second' })
    expect(await ann.gives(results)).toEqual({
      kind: 'text',
      title: 'Play and mix',
      lines: [
        `#{${second.number}} Band - Second`,
        expect.stringMatching(new RegExp(`^&\\{${publicUrl}/results/${second.id}/\\d+-[0-9a-f]{64}/\\}$`)),
        expect.stringMatching(/Whoever has this address/),
      ],
    })
    const { lines } = await ann.gives(results, { number: first.number })
    expect(lines[0]).toBe(`#{${first.number}} Band - First & {https://evil.example/}`)
    expect(lines[1]).toContain(first.id)
    expect((await ann.types(results, 'number', '')).map(({ value }) => value)).toEqual([
      String(second.number),
      String(first.number),
    ])
  })

  test('is for the people of the place', async () => {
    const { number } = await deliverSong(world)
    const away = personIn(depsOf(world, { publicUrl }), { person: 'ann', workspace: '', channel: 'other' })
    for (const action of ['show', 'revoke'])
      await expect(away.gives(results, { number, action })).rejects.toMatchObject({ code: 'no_such_request' })
  })

  test('without a public address says which setting is missing, and revokes all the same', async () => {
    const { number } = await deliverSong(world)
    const hidden = personIn(depsOf(world), { person: 'ann', ...place })
    await expect(hidden.gives(results, { number })).rejects.toThrow(/set PUBLIC_URL/)
    expect(await hidden.gives(results, { number, action: 'revoke' })).toMatchObject({ title: 'Revoked' })
  })
})
