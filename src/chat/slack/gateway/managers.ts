// Who manages a workspace: its owners and admins. Slack does not say so with a command; it is asked, and remembered for a while.
import type { SlackWeb } from '../web.ts'
import type { AnswerDeps } from './answer-deps.ts'

const REMEMBER_MS = 300_000
const MOST_REMEMBERED = 1000
/** Of the three seconds in which a command is answered. */
const LOOK_SECONDS = 1

type User = { user: { is_admin?: boolean; is_owner?: boolean; is_primary_owner?: boolean } }

/** Nobody is one where the app may not ask (users:read). */
export function createManagers(web: SlackWeb): AnswerDeps['isManager'] {
  const known = new Map<string, { is: boolean; atMs: number }>()
  return async ({ installation, workspace, person }) => {
    const key = `${workspace} ${person}`
    const remembered = known.get(key)
    if (remembered && Date.now() - remembered.atMs < REMEMBER_MS) return remembered.is
    try {
      const place = { installation, workspace }
      const { user } = await web.call<User>(
        place,
        'users.info',
        { user: person },
        { timeoutSeconds: LOOK_SECONDS },
      )
      const is = Boolean(user.is_admin || user.is_owner || user.is_primary_owner)
      if (known.size >= MOST_REMEMBERED) known.clear()
      known.set(key, { is, atMs: Date.now() })
      return is
    } catch {
      return false
    }
  }
}
