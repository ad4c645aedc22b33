// A person says which of the recordings that were found they mean: their request goes on with it.
import { type Resolved, recordingKey, recordingSource } from '../domain/recording.ts'
import type { Database } from '../store/database.ts'
import { lockRequest } from '../store/requests.ts'
import { findResult } from '../store/stages.ts'
import { claimTrack } from '../store/tracks.ts'
import { hangOn, type LeadDeps } from './lead-on.ts'
import { traceAnew } from './request-trace.ts'
import { settleTrack } from './settle.ts'

/**
 * @param choice the key of one of them
 * @returns false when there is nothing to choose any more, or nothing of that name
 */
export async function chooseRecording(
  deps: LeadDeps & { db: Database },
  requestId: string,
  choice: string,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const request = await lockRequest(tx, requestId)
    if (request?.state !== 'working') return false
    const resolved = (await findResult(tx, request.trackId, 'resolve'))?.result as Resolved | undefined
    if (resolved?.found !== 'choices') return false
    const chosen = resolved.choices.find((recording) => recordingKey(recording) === choice)
    if (!chosen) return false
    const { link, title, channel } = chosen
    const source = recordingSource(chosen, resolved.song)
    const target = await claimTrack(tx, source)
    const match = { link, title, channel, confidence: null }
    await traceAnew(tx, request)
    await hangOn(tx, deps, request, target, { source, match })
    await settleTrack(tx, deps, target.id)
    await settleTrack(tx, deps, request.trackId)
    return true
  })
}
