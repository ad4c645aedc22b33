// Who may come in: people of this machine, or whoever knows the room's secret. A person is known again by a cookie.
import { timingSafeEqual } from 'node:crypto'
import { getCookie, setCookie } from 'hono/cookie'
import { UserError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import {
  changeRoomPerson,
  enterRoom,
  findRoomPerson,
  type RoomPerson,
  sha256,
} from '../../store/room-people.ts'
import type { WebContext } from '../../web/app.ts'
import { isFromThisMachine } from '../../web/this-machine.ts'
import { plainText } from '../foreign-text.ts'
import type { Entry } from './wire.ts'

export type Secrets = { access: string | undefined; admin: string | undefined }

const LONGEST_NAME = 40
const COOKIE_SECONDS = 180 * 86_400
/** Without a secret, only somebody at this machine may come in. @throws UserError `room_closed` */
export function assertOpen(context: WebContext, { access }: Secrets): void {
  if (!access && !isFromThisMachine(context)) throw new UserError('room_closed')
}

/** @returns undefined also where the secret that they entered with is none any more */
export async function personOf(
  context: WebContext,
  db: Database,
  secrets: Secrets,
): Promise<RoomPerson | undefined> {
  const token = getCookie(context, cookieName(context))
  const person = token ? await findRoomPerson(db, token) : undefined
  const mayStay = !secrets.access || [secrets.access, secrets.admin].some((secret) => isOf(secret, person))
  return mayStay ? person : undefined
}

/** Comes in, or, who is in already, goes on under another name. @throws UserError `bad_name` or `wrong_secret` */
export async function enter(
  context: WebContext,
  db: Database,
  secrets: Secrets,
  entry: Entry,
): Promise<RoomPerson> {
  const name = plainText(entry.name, LONGEST_NAME)
  if (name === '') throw new UserError('bad_name')
  const known = await personOf(context, db, secrets)
  const given = entry.secret ? sha256(entry.secret) : null
  const isRight = [secrets.access, secrets.admin].some((secret) => isSame(given, secret))
  if (!isRight && (given || (secrets.access && !known))) throw new UserError('wrong_secret')
  if (known) {
    const changed = { ...known, name, secretSha256: given ?? known.secretSha256 }
    await changeRoomPerson(db, changed)
    return changed
  }
  const { person, token } = await enterRoom(db, { name, secretSha256: given })
  setCookie(context, cookieName(context), token, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: COOKIE_SECONDS,
    secure: context.req.header('x-forwarded-proto') === 'https',
  })
  return person
}

/** Where no secret is set at all, whoever sits at this machine runs it. */
export function isManager(person: RoomPerson, { access, admin }: Secrets): boolean {
  return isOf(admin, person) || (!access && !admin)
}

function isOf(secret: string | undefined, person: RoomPerson | undefined): boolean {
  return isSame(person?.secretSha256 ?? null, secret)
}

/** Checksums have one length, so that comparing them tells nothing. */
function isSame(checksum: Buffer | null, secret: string | undefined): boolean {
  return checksum !== null && secret !== undefined && timingSafeEqual(checksum, sha256(secret))
}

/** Cookies know no ports, and a machine may run more than one of us. */
function cookieName(context: WebContext): string {
  return `room-${new URL(context.req.url).port || 'default'}`
}
