import { afterAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { assertReachable, connect } from '../../src/store/database.ts'
import { openDoor } from '../support/outage.ts'
import { until } from '../support/until.ts'
import { createDatabase, createWorld } from '../support/world.ts'

const OUTAGE_SECONDS = 10

describe('a database that goes away', async () => {
  const url = new URL(await createDatabase())
  const door = await openDoor({ host: url.hostname, port: Number(url.port) })
  url.port = String(door.port)
  const world = await createWorld({ DATABASE_URL: url.href })
  world.onClose(() => door.shut())

  test('for ten seconds in the middle of the work: nothing is lost, and it ends well at the first attempt', async () => {
    await world.script({ separate: [{ do: 'succeed', seconds: 4 }] })
    await world.worker().decided
    const { request } = await world.ask()
    await world.running(request.separationId, 'processing')
    await door.shut()
    // The outage itself: the tool ends in the middle of it and its result has to wait.
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_SECONDS * 1000))
    await door.open()
    expect(await until(() => world.ended(request).catch(() => undefined), 60)).toMatchObject({
      state: 'ready',
    })
    const [row] = await world.rows(
      `select attempt, count(*) filter (where kind = 'exception')::int as failures from job_events where track_id = $1 group by attempt`,
      [request.trackId],
    )
    expect(row).toEqual({ attempt: 1, failures: 0 })
    expect((await world.calls()).filter((tool) => tool === 'encode')).toHaveLength(1)
  })
})

describe('an address that does not answer', () => {
  const db = connect('postgres://ann:hunter2@127.0.0.1:9/band', createLog('silent'))
  afterAll(() => db.close())

  test('is one sentence without the password', async () => {
    await expect(assertReachable(db)).rejects.toMatchObject({
      code: 'database_unavailable',
      message: expect.not.stringContaining('hunter2'),
    })
  })
})
