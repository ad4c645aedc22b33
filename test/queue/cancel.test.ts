import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong } from '../support/world.ts'

describe('cancel', async () => {
  const world = await createWorld()
  await world.worker().decided

  test('reaches the running tool and its children within 2 s', async () => {
    await world.script({ download: [{ do: 'child' }] })
    const { request } = await world.ask()
    const pid = Number(
      await until(
        async () => (await readFile(join(world.scriptDir, 'child.pid'), 'utf8').catch(() => '')) || undefined,
      ),
    )
    expect(isAlive(pid)).toBe(true)
    const startedMs = performance.now()
    expect(await cancelRequest(world.services, request.id)).toBe(true)
    await until(() => !isAlive(pid) || undefined, 5)

    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(await world.ended(request)).toMatchObject({ state: 'cancelled' })
    expect(
      await world.rows(`select 1 from stages where track_id = $1 and state <> 'done'`, [request.trackId]),
    ).toEqual([])
  })

  test('a deaf tool is killed', async () => {
    await world.script({ separate: [{ do: 'deaf', seconds: 600 }] })
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await cancelRequest(world.services, request.id)
    await until(
      async () =>
        (
          await world.rows(`select 1 from job_events where owner = $1 and kind = 'cancelled'`, [
            request.separationId,
          ])
        ).length > 0,
      10,
    )
    const jobs = await world.rows(
      `select state from pgboss.job where name = 'processing' and singleton_key = $1`,
      [request.separationId],
    )
    expect(jobs).toEqual([{ state: 'cancelled' }])
  })

  test('ends only that request: work that another wants goes on', async () => {
    await world.script({ separate: [{ do: 'succeed', seconds: 1.5 }] })
    const song = newSong()
    const mine = await world.ask(song)
    const theirs = await world.ask(song, { person: 'bob' })
    await world.running(mine.request.separationId, 'processing')
    await cancelRequest(world.services, mine.request.id)
    expect(await world.ended(mine.request)).toMatchObject({ state: 'cancelled' })
    expect(await world.ended(theirs.request)).toMatchObject({ state: 'ready' })
    const starts = await world.rows(`select 1 from job_events where owner = $1 and kind = 'start'`, [
      mine.request.separationId,
    ])
    expect(starts).toHaveLength(1)
  })

  test('asked for again, it goes on from its finished stages', async () => {
    await world.script({ separate: [{ do: 'stall' }] })
    const song = newSong()
    const first = await world.ask(song)
    await world.running(first.request.separationId, 'processing')
    await cancelRequest(world.services, first.request.id)
    await world.script({})
    const again = await world.ask(song)
    expect(again.standing).toBe('new')
    expect(await world.ended(again.request)).toMatchObject({ state: 'ready' })
    const downloads = await world.rows(
      `select 1 from job_events where track_id = $1 and queue = 'download' and kind = 'start'`,
      [first.request.trackId],
    )
    expect(downloads).toHaveLength(1)
  })

  test('a request that has ended cannot be cancelled', async () => {
    await world.script({})
    const { request } = await world.ask()
    await world.ended(request)
    await world.rows(`update requests set state = 'delivered' where id = $1`, [request.id])
    expect(await cancelRequest(world.services, request.id)).toBe(false)
  })
})
