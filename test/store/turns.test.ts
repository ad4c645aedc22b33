import { expect, test } from 'vitest'
import { connect } from '../../src/store/database.ts'
import { takeTurn } from '../../src/store/turns.ts'
import { createWorld } from '../support/world.ts'

test('one process does it, until its time is over; then whoever asks first', async () => {
  const world = await createWorld()
  const { db } = world.services
  const other = connect(world.url, world.log)
  world.onClose(() => other.close())
  expect([await takeTurn(db, 'files', 60), await takeTurn(other, 'files', 60)]).toEqual([true, false])
  expect(await takeTurn(other, 'another', 60)).toBe(true)
  await world.rows(`update turns set taken_at = now() - interval '61 seconds' where name = 'files'`)
  expect([await takeTurn(other, 'files', 60), await takeTurn(db, 'files', 60)]).toEqual([true, false])
})
