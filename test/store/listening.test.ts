import { afterAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { connect } from '../../src/store/database.ts'
import { openDoor } from '../support/outage.ts'
import { until } from '../support/until.ts'
import { createDatabase } from '../support/world.ts'

describe('listening', async () => {
  const url = new URL(await createDatabase())
  const direct = connect(url.href, createLog('silent'))
  const door = await openDoor({ host: url.hostname, port: Number(url.port) })
  url.port = String(door.port)
  const db = connect(url.href, createLog('silent'))
  afterAll(async () => {
    await Promise.all([db.close(), direct.close()])
    await door.shut()
  })
  const hear = async (channel: string) => {
    const heard: string[] = []
    const { close } = await db.listen(channel, (payload) => heard.push(payload))
    return { heard, close }
  }
  const notify = (channel: string, payload: string) =>
    direct.query('select pg_notify($1, $2)', [channel, payload])
  const sessions = async () =>
    (
      await direct.query(
        `select 1 from pg_stat_activity where datname = current_database() and query ilike any (array['listen%', 'unlisten%'])`,
      )
    ).rows.length

  test('all that listen share a session, each hears its own channel, and nobody leaves the session behind', async () => {
    const [one, again, other] = await Promise.all(['a', 'a', 'b'].map(hear))
    expect(await sessions()).toBe(1)
    await notify('a', '1')
    await notify('b', '2')
    await until(() => other?.heard.length === 2)
    expect([one?.heard, again?.heard, other?.heard]).toEqual([
      ['', '1'],
      ['', '1'],
      ['', '2'],
    ])
    await one?.close()
    await other?.close()
    await notify('b', '3')
    await notify('a', '4')
    await until(() => again?.heard.length === 3)
    expect([one?.heard.length, other?.heard.length]).toEqual([2, 2])
    await again?.close()
    await until(async () => (await sessions()) === 0)
  })

  test('over the loss of the connection all go on, and are told that they may have missed something', async () => {
    const both = await Promise.all(['a', 'b'].map(hear))
    await door.shut()
    await expect(db.listen('c', () => {})).rejects.toThrow()
    await notify('a', 'missed')
    await door.open()
    await until(() => both.every(({ heard }) => heard.length === 2))
    await notify('b', 'heard')
    await until(() => both[1]?.heard.length === 3)
    expect(both.map(({ heard }) => heard)).toEqual([
      ['', ''],
      ['', '', 'heard'],
    ])
    expect(await sessions()).toBe(1)
    await Promise.all(both.map(({ close }) => close()))
    await until(async () => (await sessions()) === 0)
  })
})
