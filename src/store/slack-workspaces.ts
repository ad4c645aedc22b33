// slack_without_plans: the workspaces that have refused a plan block.
import type { Queryable } from './database.ts'

export async function takesPlans(db: Queryable, workspace: string): Promise<boolean> {
  const { rows } = await db.query('select 1 from slack_without_plans where workspace = $1', [workspace])
  return rows.length === 0
}

export async function refusesPlans(db: Queryable, workspace: string): Promise<void> {
  await db.query('insert into slack_without_plans (workspace) values ($1) on conflict do nothing', [
    workspace,
  ])
}
