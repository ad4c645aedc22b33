// How many requests there are in each state; a list and each of its songs count.
import type { Queryable } from './database.ts'
import type { RequestState } from './requests.ts'

export async function countRequests(db: Queryable): Promise<Record<RequestState, number>> {
  const { rows } = await db.query<{ state: RequestState; count: number }>(
    'select state, count(*)::int as count from requests group by state',
  )
  const none = { working: 0, ready: 0, delivered: 0, failed: 0, cancelled: 0 }
  return { ...none, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) }
}
