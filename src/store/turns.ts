// turns: what any process may do, and one is to do now and then.
import type { Queryable } from './database.ts'

/** @returns whether it is ours to do now: nobody has taken this turn for `seconds` */
export async function takeTurn(db: Queryable, name: string, seconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into turns (name, taken_at) values ($1, clock_timestamp()) on conflict (name)
     do update set taken_at = clock_timestamp() where turns.taken_at < clock_timestamp() - make_interval(secs => $2)`,
    [name, seconds],
  )
  return rowCount === 1
}
