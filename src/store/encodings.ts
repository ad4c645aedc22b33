// encodings: what delivery made of a separation's masters, kept so that the same answer is not encoded twice.
import type { Queryable } from './database.ts'

/** `file` is relative to the file store; `bitrateKbps` is 0 for lossless formats. */
export type Encoding = { stem: string; file: string; bytes: number }

export async function findEncodings(
  db: Queryable,
  separationId: string,
  format: string,
  bitrateKbps: number,
): Promise<Encoding[]> {
  const { rows } = await db.query<Encoding>(
    'select stem, file, bytes::float8 as bytes from encodings where separation_id = $1 and format = $2 and bitrate_kbps = $3',
    [separationId, format, bitrateKbps],
  )
  return rows
}

export async function saveEncodings(
  tx: Queryable,
  separationId: string,
  format: string,
  bitrateKbps: number,
  made: Encoding[],
): Promise<void> {
  for (const { stem, file, bytes } of made) {
    await tx.query(
      `insert into encodings (separation_id, stem, format, bitrate_kbps, file, bytes) values ($1, $2, $3, $4, $5, $6)
       on conflict (separation_id, stem, format, bitrate_kbps) do update set file = excluded.file, bytes = excluded.bytes`,
      [separationId, stem, format, bitrateKbps, file, bytes],
    )
  }
}

/** Forgets what was made from masters that are no longer there. */
export async function forgetEncodings(tx: Queryable, separationId: string): Promise<void> {
  await tx.query('delete from encodings where separation_id = $1', [separationId])
}
