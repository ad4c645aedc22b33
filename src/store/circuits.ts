// circuits: services that have asked to be left alone for a while. Nobody asks them before that is over.
import type { Queryable } from './database.ts'

const LONGEST_SECONDS = 7 * 86400

/**
 * For as long as the service has said, or longer where somebody heard so; a week at most.
 * @param askedAs by which credentials it was asked; '' without any
 */
export async function openCircuit(
  db: Queryable,
  service: string,
  askedAs: string,
  seconds: number,
): Promise<void> {
  await db.query(
    `insert into circuits (service, asked_as, open_until) values ($1, $2, now() + make_interval(secs => $3))
     on conflict (service) do update set asked_as = excluded.asked_as, open_until = greatest(circuits.open_until, excluded.open_until)`,
    [service, askedAs, Math.min(seconds, LONGEST_SECONDS)],
  )
}

/** Until when the service is to be left alone; undefined when it may be asked. */
export async function circuitOpenUntil(db: Queryable, service: string): Promise<Date | undefined> {
  const { rows } = await db.query<{ until: Date }>(
    'select open_until as until from circuits where service = $1 and open_until > now()',
    [service],
  )
  return rows[0]?.until
}

/** The services that are to be left alone. */
export async function openCircuits(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ service: string }>(
    'select service from circuits where open_until > now()',
  )
  return rows.map(({ service }) => service)
}

/** Who asks by other credentials was not asked for a pause. */
export async function forgetCircuit(db: Queryable, service: string, askedAs: string): Promise<void> {
  await db.query('delete from circuits where service = $1 and asked_as <> $2', [service, askedAs])
}
