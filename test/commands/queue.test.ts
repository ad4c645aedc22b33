import { describe, expect, test } from 'vitest'
import { cancel } from '../../commands/cancel.ts'
import { queue } from '../../commands/queue.ts'
import { separate } from '../../commands/separate.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

describe('queue', async () => {
  const world = await createWorld()
  await world.script({ download: [{ do: 'stall' }] })
  const deps = depsOf(world)
  const manager = personIn(deps, { person: 'boss', manager: true })
  const download = async (given: Record<string, unknown> = {}) =>
    (await manager.gives(queue, { queue: 'download', ...given })).lines

  test.each([{}, { action: 'pause' }, { action: 'scale', limit: 1 }, { action: 'drain' }])(
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
    [{ action: 'unscale', limit: 3 }, /scale alone/],
    [{ action: 'stop' }, /show, pause, resume, scale, unscale, drain/],
    [{ queue: 'delivery-terminal' }, /resolve, download, processing, analysis, delivery/],
  ])('%j is wrong use', async (given, words) => {
    await expect(manager.gives(queue, given)).rejects.toMatchObject({
      code: 'bad_usage',
      message: expect.stringMatching(words),
    })
    expect(await world.rows('select * from queue_controls')).toEqual([])
  })

  test('shows every queue', async () => {
    const { title, lines } = await manager.gives(queue)
    expect(title).toBe('Queues · no machine at work')
    for (const name of ['resolve', 'download', 'processing', 'analysis', 'delivery-terminal'])
      expect(lines).toContain(`${name}: 0 running, 0 waiting, no machine works it`)
  })

  test('pauses, resumes and scales what the workers do, and says how it stands then', async () => {
    expect(await download({ action: 'pause' })).toEqual([
      'download: 0 running, 0 waiting, no machine works it, paused, set by @{boss} just now',
    ])
    await world.worker().decided
    const { request } = await manager.gives(separate, { song: 'https://music.example/one.mp3' })
    await manager.gives(separate, { song: 'https://music.example/two.mp3' })
    expect((await manager.gives(queue)).title).toBe('Queues · 1 machine at work')
    expect(await download({ action: 'scale', limit: 1 })).toEqual([
      'download: 0 running, 2 waiting, at most 1 at once, 1 on each machine, paused, set by @{boss} just now',
    ])
    await download({ action: 'resume' })
    await world.running(request.trackId, 'download')
    expect(await download()).toEqual([
      'download: 1 running, 1 waiting, at most 1 at once, 1 on each machine, set by @{boss} just now',
    ])
  })

  test('drains, says what is left to wait for, and how it ends', async () => {
    expect(await download({ action: 'drain' })).toEqual([
      'download: 1 running, 1 waiting, at most 1 at once, 1 on each machine, draining, set by @{boss} just now',
      'Draining: 1 still running. No new job starts before /queue action:resume.',
    ])
    const other = personIn(deps, { person: 'U1', manager: true, platform: 'slack', workspace: 'T1' })
    const { lines } = await other.gives(queue, { queue: 'download' })
    expect(lines[0]).toMatch(/, draining, set at the terminal just now$/)
    for (const number of [1, 2]) await manager.gives(cancel, { number })
    await until(async () => (await download())[0]?.startsWith('download: 0 running, 0 waiting'))
    expect((await download())[1]).toBe(
      'Drained: nothing runs there any more. No new job starts before /queue action:resume.',
    )
    await download({ action: 'unscale' })
    expect(await download({ action: 'resume' })).toEqual([
      'download: 0 running, 0 waiting, at most 3 at once',
    ])
  })

  test('delivery means that of every platform', async () => {
    const { lines } = await manager.gives(queue, { action: 'pause', queue: 'delivery' })
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(/^delivery-\w+: .*, paused, set by @\{boss\} just now$/)
  })
})
