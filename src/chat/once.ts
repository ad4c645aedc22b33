// What changes something besides making a request is done once, however often a platform, or a page that heard no answer, tells of it.
import type { Queryable } from '../store/database.ts'
import { claimInteraction, type Interaction, releaseInteraction } from '../store/requests.ts'

/** @returns undefined when it was done before, or is being done. What fails may be tried again. */
export async function once<T>(
  db: Queryable,
  interaction: Interaction,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (!(await claimInteraction(db, interaction))) return undefined
  try {
    return await work()
  } catch (error) {
    await releaseInteraction(db, interaction).catch(() => {})
    throw error
  }
}
