import { describe, expect, test } from 'vitest'
import { createWorld, newSong } from '../support/world.ts'

describe('waiting', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '1' })
  await world.script({})
  await world.worker().decided

  test('twenty queued jobs drain without sleeping out the polling interval between them', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => world.ask(newSong())))
    for (const { request } of asked) await world.ended(request, 60)
    const gaps = await world.rows(
      `select extract(epoch from at - lag(ended) over (order by at)) * 1000 as ms from (
         select s.at, e.at as ended from job_events s join job_events e on e.job_id = s.job_id and e.kind = 'stop'
         where s.kind = 'start' and s.queue = 'download') jobs`,
    )
    const waits = gaps.map(({ ms }) => Number(ms)).filter((ms) => ms > 0)
    // One that slept would show 2000 ms; the bound leaves room for a busy machine.
    expect(Math.max(...waits)).toBeLessThan(1500)
  })
})
