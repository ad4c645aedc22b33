// separations: one track split by one model with one set of weights, shared by all who want it.
import type { Queryable } from './database.ts'

/** `weights` is the checksum of the model's weights, '' while the model is still `auto`. */
export type Separation = { id: string; trackId: string; model: string; weights: string }

const COLUMNS = 'id, track_id as "trackId", model, weights'

/**
 * The separation of a locked track by this model, made when it is new. Where the weights are not known yet, because they are
 * fetched on first use, any separation by that model will do.
 */
export async function claimSeparation(
  tx: Queryable,
  trackId: string,
  model: string,
  weights: string,
): Promise<Separation> {
  const known = await tx.query<Separation>(
    `select ${COLUMNS} from separations
     where track_id = $1 and model = $2 and (weights = $3 or ($3 = '' and model <> 'auto'))
     order by weights = $3 desc, created_at desc limit 1`,
    [trackId, model, weights],
  )
  if (known.rows[0]) return known.rows[0]
  const { rows } = await tx.query<Separation>(
    `insert into separations (track_id, model, weights) values ($1, $2, $3) returning ${COLUMNS}`,
    [trackId, model, weights],
  )
  if (!rows[0]) throw new Error('insert returned nothing')
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

/** Writes down which model, or which weights of it, a separation turned out to have; not over another one that has them. */
export async function nameModel(tx: Queryable, id: string, model: string, weights: string): Promise<void> {
  await tx.query(
    `update separations s set model = $2, weights = $3 where id = $1 and not exists
       (select 1 from separations o where o.track_id = s.track_id and o.model = $2 and o.weights = $3)`,
    [id, model, weights],
  )
}
