import { describe, expect, test } from 'vitest'
import { connect } from '../../src/store/database.ts'
import { openSole } from '../../src/store/sole.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

describe('what one process does for all', async () => {
  const world = await createWorld()
  const { db } = world.services

  test('the first that asks does, until it is gone', async () => {
    const other = connect(world.url, world.log)
    world.onClose(() => other.close())
    const [first, second] = [openSole(db, 'sweep'), openSole(other, 'sweep')]
    expect([await first.isOurs(), await second.isOurs()]).toEqual([true, false])
    expect([await second.isOurs(), await first.isOurs()]).toEqual([false, true])
    expect(await openSole(other, 'another').isOurs()).toBe(true)
    await first.release()
    expect(await until(() => second.isOurs())).toBe(true)
    expect(await first.isOurs()).toBe(false)
    await second.release()
  })

  test('who lost the connection asks anew', async () => {
    const sole = openSole(db, 'sweep')
    await until(() => sole.isOurs())
    await world.rows(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 1
      and (classid::bigint << 32) | objid::bigint = hashtextextended('sweep', 0)`)
    expect(await until(() => sole.isOurs().catch(() => false))).toBe(true)
    await sole.release()
  })
})
