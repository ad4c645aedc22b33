// A workspace or an enterprise has removed the app: its token is forgotten, and what it still asked for is stopped.
import { failRequest } from '../../../queue/cancel.ts'
import type { LeadDeps } from '../../../queue/lead-on.ts'
import type { Database } from '../../../store/database.ts'
import { openRequestsOf } from '../../../store/messages.ts'
import { type InstallationKey, keyText } from '../../../store/slack-installations.ts'
import { type Installations, REMOVED } from '../installations.ts'
import { keyOf } from './asked.ts'

/** Of an event's body; https://docs.slack.dev/apis/events-api#callback-field */
type EventBody = {
  /** In seconds. */
  event_time?: number
  team_id?: string
  enterprise_id?: string
  authorizations?: { enterprise_id: string | null; team_id: string | null; is_enterprise_install?: boolean }[]
  event: { type: string; tokens?: { bot?: string[] } }
}

/** @returns whose bot has no token any more; undefined when only people's tokens were revoked */
export function whoRemoved({ event, authorizations, ...body }: EventBody): InstallationKey | undefined {
  if (event.type === 'tokens_revoked' && !event.tokens?.bot?.length) return undefined
  const [by] = authorizations ?? []
  const enterpriseId = by ? by.enterprise_id : (body.enterprise_id ?? null)
  const teamId = by ? by.team_id : (body.team_id ?? null)
  return keyOf(enterpriseId, teamId, by?.is_enterprise_install)
}

/** When that was: Slack may tell of it minutes later, when the app is there again. */
export function whenRemoved({ event_time }: EventBody): Date {
  return event_time === undefined ? new Date() : new Date((event_time + 1) * 1000)
}

export async function forget(
  key: InstallationKey,
  at: Date,
  { installations, ...deps }: LeadDeps & { installations: Installations; db: Database },
): Promise<void> {
  await installations.remove(key, at)
  const error = { code: 'chat_forbidden', message: REMOVED }
  for (const id of await openRequestsOf(deps.db, 'slack', keyText(key), at))
    await failRequest(deps, id, error)
}
