// separations: one track split by one model with one set of weights, shared by all who want it.
import type { Queryable } from './database.ts'

/** `weights` is the checksum of the model's weights, '' while the model is still `auto`. */
export type Separation = { id: string; trackId: string; model: string; weights: string }

const COLUMNS = 'id, track_id as "trackId", model, weights'

/** The separation of a locked track by this model, made when it is new. */
export async function claimSeparation(
  tx: Queryable,
  trackId: string,
  model: string,
  weights: string,
): Promise<Separation> {
  await tx.query(
    'insert into separations (track_id, model, weights) values ($1, $2, $3) on conflict do nothing',
    [trackId, model, weights],
  )
  const { rows } = await tx.query<Separation>(
    `select ${COLUMNS} from separations where track_id = $1 and model = $2 and weights = $3`,
    [trackId, model, weights],
  )
  if (!rows[0]) throw new Error('the separation vanished: is its track locked?')
  return rows[0]
}

export async function findSeparation(db: Queryable, id: string): Promise<Separation | undefined> {
  return (await db.query<Separation>(`select ${COLUMNS} from separations where id = $1`, [id])).rows[0]
}

/** Hangs the requests of a separation whose model was still open on the one with its model decided. */
export async function moveRequests(tx: Queryable, fromId: string, to: Separation): Promise<void> {
  await tx.query('update requests set separation_id = $2 where separation_id = $1', [fromId, to.id])
  await tx.query('delete from stages where owner = $1', [fromId])
  await tx.query('delete from separations where id = $1', [fromId])
}

/** Names the model of a separation that waited for one. */
export async function nameModel(tx: Queryable, id: string, model: string, weights: string): Promise<void> {
  await tx.query('update separations set model = $2, weights = $3 where id = $1', [id, model, weights])
}
