// room_people: who has entered the room, known by a token in their browser.
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from './database.ts'

/** `secretSha256` is of the secret that they entered with; null where none was needed. */
export type RoomPerson = { id: string; name: string; secretSha256: Buffer | null }

const COLUMNS = 'id, name, secret_sha256 as "secretSha256"'
const ID_BYTES = 8
const TOKEN_BYTES = 32

/** @returns also the token that is theirs from now on */
export async function enterRoom(
  db: Queryable,
  { name, secretSha256 }: Omit<RoomPerson, 'id'>,
): Promise<{ person: RoomPerson; token: string }> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const { rows } = await db.query<RoomPerson>(
    `insert into room_people (id, token_sha256, name, secret_sha256) values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [randomBytes(ID_BYTES).toString('hex'), sha256(token), name, secretSha256],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
  return { person: rows[0], token }
}

export async function findRoomPerson(db: Queryable, token: string): Promise<RoomPerson | undefined> {
  const { rows } = await db.query<RoomPerson>(`select ${COLUMNS} from room_people where token_sha256 = $1`, [
    sha256(token),
  ])
  return rows[0]
}

/** Under another name, or with another secret. */
export async function changeRoomPerson(db: Queryable, { id, name, secretSha256 }: RoomPerson): Promise<void> {
  await db.query('update room_people set name = $2, secret_sha256 = $3 where id = $1', [
    id,
    name,
    secretSha256,
  ])
}

export async function roomNames(db: Queryable, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.query<{ id: string; name: string }>(
    'select id, name from room_people where id = any($1)',
    [ids],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
