// What is wanted again begins again: forgets stages that were given up, and results that lost their files.
import type { Files } from '../files/files.ts'
import type { Queryable } from '../store/database.ts'
import { forgetEncodings } from '../store/encodings.ts'
import { workingRequests } from '../store/requests.ts'
import { findResult, forgetStage, stagesOfTrack } from '../store/stages.ts'
import { type Boss, within } from './boss.ts'

/** Call with the track locked, before the request that wants them counts as working. */
export async function startAnew(
  tx: Queryable,
  { boss, files }: { boss: Boss; files: Files },
  trackId: string,
  owners: (string | null)[],
): Promise<void> {
  const known = (await stagesOfTrack(tx, trackId)).filter(({ owner }) => owners.includes(owner))
  if (known.length === 0) return
  const nobodyWaits = (await workingRequests(tx, trackId)).length === 0
  for (const row of known) {
    // Who waits for stems need not wait for an analysis that was given up.
    const discarded = row.state === 'discarded' && (row.stage !== 'analysis' || nobodyWaits)
    const result = row.state === 'done' ? await findResult(tx, row.owner, row.stage) : undefined
    const lostItsFiles = row.state === 'done' && !(result && (await files.has(result.folder)))
    if (!discarded && !lostItsFiles) continue
    // Between the end of its last attempt and pg-boss hearing of it, a job would be taken for the new one.
    if (row.job === 'live') await boss.cancel(row.queue, row.jobId, within(tx))
    await forgetStage(tx, row.owner, row.stage)
    if (row.stage === 'processing') await forgetEncodings(tx, row.owner)
  }
}
