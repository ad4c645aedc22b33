// An address of a results page, checked: what it leads to, or why it leads nowhere.
import type { Delivered } from '../../domain/packing.ts'
import { checkSigned } from '../../domain/results-link.ts'
import type { Queryable } from '../../store/database.ts'
import { findResults, type Results, resultsKey } from '../../store/results.ts'
import type { Notice } from '../notice.ts'
import { EXPIRED, notDelivered, WRONG } from './notices.ts'

export type Opened = { results: Results; delivered: Delivered; expires: Date }

const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A request that there is not is checked like any other, so that it takes as long. */
export async function openAddress(
  db: Queryable,
  id: string,
  signed: string,
  now: Date,
): Promise<Opened | Notice> {
  if (!REQUEST_ID.test(id)) return WRONG
  const [key, results] = await Promise.all([resultsKey(db), findResults(db, id)])
  const checked = checkSigned(key, { id, version: results?.version ?? 0 }, signed, now)
  if (!results || checked.verdict === 'wrong') return WRONG
  if (checked.verdict === 'expired') return EXPIRED
  const { state, delivered } = results
  return state === 'delivered' && delivered
    ? { results, delivered, expires: checked.expires }
    : notDelivered(state)
}
