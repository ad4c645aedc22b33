// The claim: one transaction that decides whether a command starts the work, joins work that runs, is answered from kept
// stems, or is the same command given twice.

import { chooseModel } from '../domain/model.ts'
import type { Delivered } from '../domain/packing.ts'
import type { Source } from '../domain/source.ts'
import type { Files } from '../files/files.ts'
import type { Database, Queryable } from '../store/database.ts'
import { forgetEncodings } from '../store/encodings.ts'
import {
  type Asked,
  findSameRequest,
  type Interaction,
  insertInteraction,
  insertRequest,
  type Request,
  requestOfInteraction,
  workingRequests,
} from '../store/requests.ts'
import { claimSeparation } from '../store/separations.ts'
import { findResult, forgetStage, stagesOfTrack } from '../store/stages.ts'
import { claimTrack } from '../store/tracks.ts'
import { listWorkers } from '../store/workers.ts'
import type { Boss } from './boss.ts'
import { SAME_COMMAND_SECONDS } from './queues.ts'
import { settleTrack } from './settle.ts'

export type Claim = {
  interaction: Interaction
  source: Source
  asked: Asked
  /** False for /analyze. */
  separate: boolean
  /** A terminal has no message to link to: the same command given again takes up its own open request, however old. */
  resumes: boolean
}
export type Claimed = { request: Request; same: boolean }

export async function claim(deps: { db: Database; boss: Boss; files: Files }, wish: Claim): Promise<Claimed> {
  const { interaction, source, asked } = wish
  return deps.db.transaction(async (tx) => {
    const interactionId = await insertInteraction(tx, interaction)
    if (!interactionId) {
      const request = await requestOfInteraction(tx, interaction)
      if (!request) throw new Error('the interaction was saved without a request')
      return { request, same: true }
    }
    const track = await claimTrack(tx, source)
    const window = { withinSeconds: SAME_COMMAND_SECONDS, openOfAnyAge: wish.resumes }
    const same = await findSameRequest(tx, interaction, asked, track.id, window)
    if (same && (await outcomeIsThere(tx, deps.files, same))) return { request: same, same: true }

    let separationId: string | null = null
    if (wish.separate) {
      const loadable = (await listWorkers(tx)).flatMap((worker) => worker.models)
      const { model, weights } = chooseModel(asked.model, loadable)
      separationId = (await claimSeparation(tx, track.id, model, weights)).id
    }
    await startAnew(tx, deps.files, track.id, separationId)
    const request = await insertRequest(tx, interactionId, interaction, asked, track.id, separationId)
    await settleTrack(tx, deps.boss, track.id)
    return { request, same: false }
  })
}

/** A request that ended well counts as the answer only while its files are there. */
async function outcomeIsThere(tx: Queryable, files: Files, request: Request): Promise<boolean> {
  if (request.state === 'working') return true
  const delivery = await findResult(tx, request.id, 'delivery')
  if (!delivery) return false
  const { stems, analysis } = delivery.result as Delivered
  const named = [...stems.map(({ file }) => file), ...(analysis ? [analysis] : [])]
  return (await Promise.all(named.map((file) => files.has(file)))).every(Boolean)
}

/** Forgets what was discarded, so that this request tries it again, and what lost its files. */
async function startAnew(
  tx: Queryable,
  files: Files,
  trackId: string,
  separationId: string | null,
): Promise<void> {
  const nobodyWaits = (await workingRequests(tx, trackId)).length === 0
  for (const row of await stagesOfTrack(tx, trackId)) {
    if (row.owner !== trackId && row.owner !== separationId) continue
    const discarded = row.state === 'discarded' && (row.stage !== 'analysis' || nobodyWaits)
    const result = row.state === 'done' ? await findResult(tx, row.owner, row.stage) : undefined
    const lostItsFiles = result !== undefined && !(await files.has(result.folder))
    if (!discarded && !lostItsFiles) continue
    await forgetStage(tx, row.owner, row.stage)
    if (row.stage === 'processing') await forgetEncodings(tx, row.owner)
  }
}
