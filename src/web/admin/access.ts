// Who may see the operator's pages: whoever knows ADMIN_SECRET. A browser shows it once and has a cookie from then on; a script sends
// it along.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { auth } from 'hono/utils/basic-auth'
import { UserError } from '../../errors.ts'
import type { Queryable } from '../../store/database.ts'
import { signingKey } from '../../store/signing-keys.ts'
import type { WebContext } from '../app.ts'
import { secretCheck } from '../secret-check.ts'

export type Access = {
  /** @throws UserError `not_entered`, `wrong_secret` or `too_many_attempts` */
  check(context: WebContext): Promise<void>
  /** From now on this browser may. @throws UserError `wrong_secret` or `too_many_attempts` */
  enter(context: WebContext, secret: string): Promise<void>
  leave(context: WebContext): void
}

const COOKIE_SECONDS = 12 * 3600
const BELOW = '/admin'

/** The cookie is good for every bot on this database, until it expires or there is another secret. */
export function adminAccess(db: Queryable, secret: string): Access {
  const known = secretCheck(secret)
  const assertRight = (context: WebContext, given: string) => {
    const answer = known(context, given)
    if (answer === 'right') return
    if (answer === 'wrong')
      throw new UserError('wrong_secret', 'That is not the ADMIN_SECRET of this installation.')
    context.header('Retry-After', String(answer.waitSeconds))
    throw new UserError('too_many_attempts')
  }
  const sealOf = async (expires: string) =>
    createHmac('sha256', await signingKey(db, 'admin'))
      .update(`${expires} ${secret}`)
      .digest('base64url')

  const hasEntered = async (context: WebContext) => {
    const [, expires, seal] =
      /^(\d{1,15})\.([\w-]+)$/.exec(getCookie(context, cookieName(context)) ?? '') ?? []
    if (!expires || !seal || Number(expires) < Date.now()) return false
    const right = Buffer.from(await sealOf(expires))
    return right.length === seal.length && timingSafeEqual(Buffer.from(seal), right)
  }

  return {
    async check(context) {
      const given = secretIn(context)
      if (given !== undefined) return assertRight(context, given)
      if (!(await hasEntered(context)))
        throw new UserError('not_entered', 'Log in at /admin, or send the ADMIN_SECRET as a bearer token.')
    },
    async enter(context, given) {
      assertRight(context, given)
      const expires = String(Date.now() + COOKIE_SECONDS * 1000)
      setCookie(context, cookieName(context), `${expires}.${await sealOf(expires)}`, {
        httpOnly: true,
        sameSite: 'Strict',
        path: BELOW,
        maxAge: COOKIE_SECONDS,
        secure: context.req.header('x-forwarded-proto') === 'https',
      })
    },
    leave: (context) => void deleteCookie(context, cookieName(context), { path: BELOW }),
  }
}

/** As a bearer token, or as the password of any user. */
function secretIn({ req }: WebContext): string | undefined {
  return /^Bearer +(.+)$/i.exec(req.header('Authorization') ?? '')?.[1] ?? auth(req.raw)?.password
}

/** Cookies know no ports, and a machine may run more than one of us. */
function cookieName(context: WebContext): string {
  return `admin-${new URL(context.req.url).port || 'default'}`
}
