import { describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

describe('whoever ended the job, the request ends too', async () => {
  const world = await createWorld()
  await world.script({ download: [{ do: 'succeed', seconds: 3 }] })
  await world.worker().decided
  const job = (trackId: string) =>
    until(
      async () =>
        (
          await world.rows(
            `select j.id, j.retry_count as "retryCount" from pgboss.job j where j.name = 'download' and j.singleton_key = $1 and j.state = 'active'`,
            [trackId],
          )
        )[0],
    )

  test('cancelled from outside: the request fails and says so', async () => {
    const { request } = await world.ask()
    await world.services.boss.cancel('download', (await job(request.trackId)).id)
    expect(await world.ended(request)).toMatchObject({ state: 'failed', code: 'job_failed' })
  })

  test('deleted from outside: the job is sent again', async () => {
    const { request } = await world.ask()
    await world.services.boss.deleteJob('download', (await job(request.trackId)).id)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
  })

  test('completed by somebody else without a result: the job is sent again', async () => {
    const { request } = await world.ask()
    await world.services.boss.complete('download', (await job(request.trackId)).id)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
  })

  test('a stale attempt cannot complete a newer one', async () => {
    const { request } = await world.ask()
    const first = await job(request.trackId)
    await world.services.boss.fail('download', { id: first.id, retryCount: first.retryCount })
    const second = await until(async () => {
      const now = await job(request.trackId)
      return now.retryCount > first.retryCount ? now : undefined
    })
    const { affected } = (await world.services.boss.complete('download', {
      id: first.id,
      retryCount: first.retryCount,
    })) as { affected?: number }
    expect(affected).toBe(0)
    expect(second.id).toBe(first.id)
    expect(await world.ended(request)).toMatchObject({ state: 'ready' })
    const lost = await world.rows(
      `select kind from job_events where job_id = $1 and kind in ('lost', 'stop')`,
      [first.id],
    )
    expect(lost.map(({ kind }) => kind).sort()).toEqual(['lost', 'stop'])
  })
})
