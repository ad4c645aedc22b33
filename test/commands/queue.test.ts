import { describe, expect, test } from 'vitest'
import { queue } from '../../commands/queue.ts'
import { separate } from '../../commands/separate.ts'
import { createWorld } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

describe('queue', async () => {
  const world = await createWorld()
  await world.script({ download: [{ do: 'stall' }] })
  const deps = depsOf(world)
  const manager = personIn(deps, { person: 'boss', manager: true })
  const download = async (given: Record<string, unknown> = {}) =>
    (await manager.gives(queue, { queue: 'download', ...given })).lines

  test.each([{}, { action: 'pause' }, { action: 'scale', limit: 1 }])(
    '%j is for managers alone',
    async (given) => {
      const ann = personIn(deps, { person: 'ann' })
      await expect(ann.gives(queue, given)).rejects.toMatchObject({ code: 'not_allowed' })
      expect(await world.rows('select * from queue_controls')).toEqual([])
    },
  )

  test.each([
    [{ action: 'scale' }, /limit/],
    [{ action: 'scale', limit: 0 }, /1 to 64/],
    [{ action: 'scale', limit: 65 }, /1 to 64/],
    [{ limit: 3 }, /scale alone/],
    [{ action: 'stop' }, /look, pause, resume, scale/],
    [{ queue: 'delivery-terminal' }, /resolve, download, processing, analysis, delivery/],
  ])('%j is wrong use', async (given, words) => {
    await expect(manager.gives(queue, given)).rejects.toMatchObject({
      code: 'bad_usage',
      message: expect.stringMatching(words),
    })
    expect(await world.rows('select * from queue_controls')).toEqual([])
  })

  test('looks at every queue', async () => {
    const { title, lines } = await manager.gives(queue)
    expect(title).toBe('Queues · no machine at work')
    for (const name of ['resolve', 'download', 'processing', 'analysis', 'delivery-terminal'])
      expect(lines).toContain(`${name}: 0 running, 0 waiting, as many at once as each machine's settings say`)
  })

  test('pauses, resumes and scales what the workers do, and says how it stands then', async () => {
    expect(await download({ action: 'pause' })).toEqual([
      "download: 0 running, 0 waiting, as many at once as each machine's settings say, paused",
    ])
    await world.worker().decided
    const { request } = await manager.gives(separate, { song: 'https://music.example/one.mp3' })
    await manager.gives(separate, { song: 'https://music.example/two.mp3' })
    expect((await manager.gives(queue)).title).toBe('Queues · 1 machine at work')
    expect(await download({ action: 'scale', limit: 1 })).toEqual([
      'download: 0 running, 2 waiting, at most 1 on each machine, paused',
    ])
    await download({ action: 'resume' })
    await world.running(request.trackId, 'download')
    expect(await download()).toEqual(['download: 1 running, 1 waiting, at most 1 on each machine'])
  })

  test('delivery means that of every platform', async () => {
    const { lines } = await manager.gives(queue, { action: 'pause', queue: 'delivery' })
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(/^delivery-\w+: .*, paused$/)
  })
})
