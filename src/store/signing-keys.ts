// signing_keys: what this installation signs with.
import { randomBytes } from 'node:crypto'
import type { Queryable } from './database.ts'

const KEY_BYTES = 32
/** A key never changes. */
const known = new WeakMap<Queryable, Map<string, Buffer>>()

/** The key for this purpose, the same for every process; made when it is first asked for. */
export async function signingKey(db: Queryable, name: string): Promise<Buffer> {
  const keys = known.get(db) ?? new Map<string, Buffer>()
  known.set(db, keys)
  const key = keys.get(name) ?? (await readKey(db, name))
  keys.set(name, key)
  return key
}

async function readKey(db: Queryable, name: string): Promise<Buffer> {
  const find = async () =>
    (await db.query<{ key: Buffer }>('select key from signing_keys where name = $1', [name])).rows[0]?.key
  const there = await find()
  if (there) return there
  await db.query('insert into signing_keys (name, key) values ($1, $2) on conflict do nothing', [
    name,
    randomBytes(KEY_BYTES),
  ])
  const made = await find()
  if (!made) throw new Error(`there is no signing key ${name}`)
  return made
}
