// processing: splits the song into stems with demucs. Owner: the separation, which is shared by all who want it.
import { join } from 'node:path'
import { chooseModel } from '../domain/model.ts'
import { PauseError } from '../errors.ts'
import { settleTrack } from '../queue/settle.ts'
import {
  claimSeparation,
  findSeparation,
  moveRequests,
  nameModel,
  type Separation,
} from '../store/separations.ts'
import { findResult } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'
import { listWorkers } from '../store/workers.ts'
import { SHIPPED_MODELS } from '../tools/models.ts'
import type { DownloadResult, SeparationResult } from '../tools/protocol.ts'
import type { Stage, StageDeps } from './stage.ts'

/** Until another machine has had time to take it. */
const ELSEWHERE_SECONDS = 2

export const processing: Stage<Separation & { file: string; durationSeconds: number }> = {
  async load(deps, owner) {
    const separation = await withModel(deps, await findSeparation(deps.db, owner))
    const downloaded = separation && (await findResult(deps.db, separation.trackId, 'download'))
    if (!downloaded) return undefined
    const { file, durationSeconds } = downloaded.result as DownloadResult
    return { ...separation, file: join(downloaded.folder, file), durationSeconds }
  },

  async run(deps, subject, { folder, signal, onProgress }) {
    const { tools, settings, models } = deps
    const { file, durationSeconds, model, weights } = subject
    await leaveToOthers(deps, model)
    // Asked for by name while no worker lived: whether it can be had is known only now.
    if (!weights && models.length > 0) chooseModel(model, models)
    const repo = model === 'starter' ? SHIPPED_MODELS : (settings.MODEL_REPO ?? null)
    const request = {
      input: await folder.localPath(file),
      outDir: folder.path,
      model,
      repo,
      device: settings.DEVICE,
      format: 'flac',
    }
    const result = await tools.run('separate', request, { signal, onProgress })
    return { result, event: { audioSeconds: durationSeconds, model, device: result.device } }
  },

  async save(tx, _deps, separation, made) {
    if (separation.weights) return
    await nameModel(tx, separation.id, separation.model, (made.result as SeparationResult).weights)
  },
}

/** Machines may have different models. @throws PauseError where another one has what is wanted, and this one does not */
async function leaveToOthers({ db, models }: StageDeps, model: string): Promise<void> {
  const has = (known: StageDeps['models']) => known.some(({ name }) => name === model)
  if (has(models) || !(await listWorkers(db)).some((worker) => has(worker.models))) return
  throw new PauseError('model_elsewhere', `waits for a worker that has the model ${model}`, ELSEWHERE_SECONDS)
}

/** Decides the model of a separation that was asked for while no worker was alive. */
async function withModel(
  deps: StageDeps,
  separation: Separation | undefined,
): Promise<Separation | undefined> {
  const { db, models } = deps
  if (!separation || separation.weights || models.length === 0) return separation
  const isKnown = separation.model === 'auto' || models.some(({ name }) => name === separation.model)
  if (!isKnown) return separation
  const { model, weights } = chooseModel(separation.model, models)
  if (model === separation.model && weights === separation.weights) return separation
  return db.transaction(async (tx) => {
    await lockTrack(tx, separation.trackId)
    const { rows } = await tx.query(
      'select 1 from separations where track_id = $1 and model = $2 and weights = $3',
      [separation.trackId, model, weights],
    )
    if (rows.length === 0) {
      await nameModel(tx, separation.id, model, weights)
      return { ...separation, model, weights }
    }
    // Somebody has asked for this model by name meanwhile: their separation serves both.
    await moveRequests(tx, separation.id, await claimSeparation(tx, separation.trackId, model, weights))
    await settleTrack(tx, deps, separation.trackId)
    return undefined
  })
}
