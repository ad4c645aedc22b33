// tracks and sources: one recording, and the keys under which people name it.
import { provisionalTitle, type Source } from '../domain/source.ts'
import type { Queryable } from './database.ts'

export type Track = {
  id: string
  source: Source
  title: string
  artist: string | null
  album: string | null
  durationSeconds: number | null
}

const COLUMNS = 'id, source, title, artist, album, duration_seconds as "durationSeconds"'

/** The track a source names, made when it is new, and locked until the transaction ends. */
export async function claimTrack(tx: Queryable, source: Source): Promise<Track> {
  for (;;) {
    const { rows } = await tx.query<{ id: string }>('select track_id as id from sources where key = $1', [
      source.key,
    ])
    const id = rows[0]?.id
    if (!id) {
      const made = await createTrack(tx, source)
      if (made) return made
      // Somebody else made it between the two statements: it can be seen now.
      continue
    }
    // A platform signs an attachment's link for about a day: the newest one is what the download needs.
    if (source.kind === 'attachment')
      await tx.query('update tracks set source = $2 where id = $1', [id, source])
    return lockTrack(tx, id)
  }
}

/** Whether somebody has asked for it before. */
export async function isSourceKnown(db: Queryable, key: string): Promise<boolean> {
  return (await db.query('select 1 from sources where key = $1', [key])).rows.length > 0
}

/** Nobody else sees it yet: it needs no lock. */
async function createTrack(tx: Queryable, source: Source): Promise<Track | undefined> {
  const { rows } = await tx.query<Track>(
    `with track as (insert into tracks (source, title) values ($2, $3) returning *),
       named as (insert into sources (key, track_id) select $1, id from track on conflict do nothing returning track_id)
     select ${COLUMNS} from track where id in (select track_id from named)`,
    [source.key, source, provisionalTitle(source)],
  )
  return rows[0]
}

/** Serialises everything that decides about the track: claim, hand-off, cancel, settle. */
export async function lockTrack(tx: Queryable, id: string): Promise<Track> {
  const { rows } = await tx.query<Track>(`select ${COLUMNS} from tracks where id = $1 for update`, [id])
  if (!rows[0]) throw new Error(`there is no track ${id}`)
  return rows[0]
}

export async function findTrack(db: Queryable, id: string): Promise<Track | undefined> {
  return (await db.query<Track>(`select ${COLUMNS} from tracks where id = $1`, [id])).rows[0]
}

/** Writes what the download found out about the song. */
export async function describeTrack(
  tx: Queryable,
  id: string,
  found: {
    title: string
    artist: string | null
    album: string | null
    durationSeconds: number
    coverUrl: string | null
  },
): Promise<void> {
  await tx.query(
    'update tracks set title = $2, artist = $3, album = $4, duration_seconds = $5, cover_url = $6 where id = $1',
    [id, found.title, found.artist, found.album, found.durationSeconds, found.coverUrl],
  )
}
