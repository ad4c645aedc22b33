// Who may come in: people of this machine, or whoever knows the room's secret. A person is known again by a cookie.
import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { getCookie, setCookie } from 'hono/cookie'
import { UserError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import { changeRoomPerson, enterRoom, findRoomPerson, type RoomPerson } from '../../store/room-people.ts'
import type { WebContext } from '../../web/app.ts'
import { plainText } from '../foreign-text.ts'
import type { Entry } from './wire.ts'

export type Secrets = { access: string | undefined; admin: string | undefined }

const LONGEST_NAME = 40
const COOKIE_SECONDS = 180 * 86_400
/** Headers by which a proxy says that it stands between. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Without a secret, only somebody at this machine may come in: not by a proxy, and not by a name that another site has made point here.
 * @throws UserError `room_closed`
 */
export function assertOpen(context: WebContext, { access }: Secrets): void {
  if (access) return
  const { socket } = context.env.incoming
  const isProxied = FORWARDED.some((name) => context.req.header(name) !== undefined)
  if (isProxied || !isLoopback(socket.remoteAddress ?? '') || !isLoopback(hostOf(context)))
    throw new UserError('room_closed')
}

export async function personOf(context: WebContext, db: Database): Promise<RoomPerson | undefined> {
  const token = getCookie(context, cookieName(context))
  return token ? findRoomPerson(db, token) : undefined
}

/** Comes in, or, who is in already, goes on under another name. @throws UserError `bad_name` or `wrong_secret` */
export async function enter(
  context: WebContext,
  db: Database,
  { access, admin }: Secrets,
  entry: Entry,
): Promise<RoomPerson> {
  const name = plainText(entry.name, LONGEST_NAME)
  if (name === '') throw new UserError('bad_name')
  const known = await personOf(context, db)
  const isAdmin = isSame(entry.secret, admin)
  const needsSecret = access !== undefined && !known
  if ((needsSecret || entry.secret) && !isAdmin && !isSame(entry.secret, access))
    throw new UserError('wrong_secret')
  if (known) {
    const changed = { ...known, name, manages: known.manages || isAdmin }
    await changeRoomPerson(db, changed)
    return changed
  }
  const { person, token } = await enterRoom(db, { name, manages: isAdmin })
  setCookie(context, cookieName(context), token, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: COOKIE_SECONDS,
    secure: context.req.header('x-forwarded-proto') === 'https',
  })
  return person
}

/** Where no admin's secret is set, whoever sits at this machine runs it. */
export function isManager({ manages }: RoomPerson, { access, admin }: Secrets): boolean {
  return manages || (admin === undefined && access === undefined)
}

/** Cookies know no ports, and a machine may run more than one of us. */
function cookieName(context: WebContext): string {
  return `room-${new URL(context.req.url).port || 'default'}`
}

function hostOf(context: WebContext): string {
  return new URL(context.req.url).hostname
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')
  if (isIP(address) === 4) return address.startsWith('127.')
  return address === '::1' || address.toLowerCase() === 'localhost'
}

function isSame(given: string | undefined, secret: string | undefined): boolean {
  if (given === undefined || secret === undefined) return false
  const [left, right] = [Buffer.from(given), Buffer.from(secret)]
  return left.length === right.length && timingSafeEqual(left, right)
}
