// slack_installations: the workspaces and enterprises that have installed the app, as Slack keys them.
import type { Queryable } from './database.ts'

/** `enterpriseId` is null for a workspace that belongs to none, `teamId` for an installation by a whole enterprise. */
export type InstallationKey = { enterpriseId: string | null; teamId: string | null }

const NONE = '-'

/** The key in one word, as messages keep it. */
export function keyText({ enterpriseId, teamId }: InstallationKey): string {
  return `${enterpriseId ?? NONE}/${teamId ?? NONE}`
}

export function parseKey(text: string): InstallationKey {
  const [enterpriseId = NONE, teamId = NONE] = text.split('/')
  return {
    enterpriseId: enterpriseId === NONE ? null : enterpriseId,
    teamId: teamId === NONE ? null : teamId,
  }
}

export async function saveInstallation(db: Queryable, key: InstallationKey, sealed: string): Promise<void> {
  await db.query(
    `insert into slack_installations (enterprise_id, team_id, sealed) values ($1, $2, $3)
     on conflict (enterprise_id, team_id) do update set sealed = excluded.sealed, installed_at = now()`,
    [key.enterpriseId ?? NONE, key.teamId ?? NONE, sealed],
  )
}

/**
 * The workspace's own installation, whichever enterprise it belonged to then; else that of its whole enterprise.
 * @returns also the key that it is kept under
 */
export async function findInstallation(
  db: Queryable,
  { enterpriseId, teamId }: InstallationKey,
): Promise<{ key: InstallationKey; sealed: string } | undefined> {
  const { rows } = await db.query<{ enterpriseId: string; teamId: string; sealed: string }>(
    `select enterprise_id as "enterpriseId", team_id as "teamId", sealed from slack_installations
     where ($2 <> '-' and team_id = $2) or ($1 <> '-' and enterprise_id = $1 and team_id = '-')
     order by team_id = $2 desc, enterprise_id = $1 desc, installed_at desc limit 1`,
    [enterpriseId ?? NONE, teamId ?? NONE],
  )
  const row = rows[0]
  return row && { key: parseKey(`${row.enterpriseId}/${row.teamId}`), sealed: row.sealed }
}

/** Unless it was made anew since: Slack may tell of a removal minutes later. */
export async function removeInstallation(db: Queryable, key: InstallationKey, at: Date): Promise<void> {
  await db.query(
    `delete from slack_installations
     where installed_at <= $3 and (($2 <> '-' and team_id = $2) or ($2 = '-' and enterprise_id = $1 and team_id = '-'))`,
    [key.enterpriseId ?? NONE, key.teamId ?? NONE, at],
  )
}
