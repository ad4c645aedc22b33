// tracks and sources: one recording, and the keys under which people name it.
import type { Song } from '../domain/song.ts'
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
    const track = await lockIfThere(tx, id)
    // It may have been given to another track while this waited, or forgotten with its track.
    if (track && (await trackOfSource(tx, source.key)) === id) return track
  }
}

/**
 * What somebody has just given is the best place to fetch the track from, unless it is there: links of attachments expire, and what was
 * given first may be gone. What is known of the song is not given up for it.
 */
export async function fetchFrom(tx: Queryable, track: Track, source: Source): Promise<void> {
  const { source: known } = track
  const song = source.kind === 'site' && known.kind === 'site' ? (source.song ?? known.song) : null
  const wanted = source.kind === 'site' ? { ...source, song } : source
  await tx.query(
    `update tracks set source = $2 where id = $1
       and not exists (select 1 from stages where owner = $1 and stage = 'download' and state = 'done')`,
    [track.id, wanted],
  )
}

/** The track that one of its names leads to. */
export async function trackOfSource(db: Queryable, key: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('select track_id as id from sources where key = $1', [key])
  return rows[0]?.id
}

/** Gives a track a name that nobody has yet. @returns the track that has it */
export async function nameTrack(tx: Queryable, key: string, trackId: string): Promise<string> {
  await tx.query('insert into sources (key, track_id) values ($1, $2) on conflict do nothing', [key, trackId])
  return (await trackOfSource(tx, key)) ?? trackId
}

/** From now on the name leads there. */
export async function giveName(tx: Queryable, key: string, trackId: string): Promise<void> {
  await tx.query('update sources set track_id = $2 where key = $1', [key, trackId])
}

/** All names of a track lead to another one that is the same recording. */
export async function renameTrack(tx: Queryable, fromId: string, toId: string): Promise<void> {
  await tx.query('update sources set track_id = $2 where track_id = $1', [fromId, toId])
}

/** Nobody else sees it yet: it needs no lock. */
async function createTrack(tx: Queryable, source: Source): Promise<Track | undefined> {
  const song = source.kind === 'site' ? source.song : null
  const { rows } = await tx.query<Track>(
    `with track as (insert into tracks (source, title, artist, album, duration_seconds, cover_url)
         values ($2, $3, $4, $5, $6, $7) returning *),
       named as (insert into sources (key, track_id) select $1, id from track on conflict do nothing returning track_id)
     select ${COLUMNS} from track where id in (select track_id from named)`,
    [
      source.key,
      source,
      provisionalTitle(source),
      song?.artist ?? null,
      song?.album ?? null,
      song?.durationSeconds ?? null,
      song?.coverUrl ?? null,
    ],
  )
  return rows[0]
}

/** Serialises everything that decides about the track: claim, hand-off, cancel, settle. */
export async function lockTrack(tx: Queryable, id: string): Promise<Track> {
  const track = await lockIfThere(tx, id)
  if (!track) throw new Error(`there is no track ${id}`)
  return track
}

async function lockIfThere(tx: Queryable, id: string): Promise<Track | undefined> {
  return (await tx.query<Track>(`select ${COLUMNS} from tracks where id = $1 for update`, [id])).rows[0]
}

export async function findTrack(db: Queryable, id: string): Promise<Track | undefined> {
  return (await db.query<Track>(`select ${COLUMNS} from tracks where id = $1`, [id])).rows[0]
}

/** A catalogue's name for it, fetched or not. */
export async function renameBySong(
  tx: Queryable,
  id: string,
  { title, artist, album, coverUrl }: Song,
): Promise<void> {
  await tx.query(
    `update tracks set title = $2, artist = coalesce($3, artist), album = coalesce($4, album), cover_url = coalesce($5, cover_url)
     where id = $1`,
    [id, title, artist, album, coverUrl],
  )
}

/** What a track is called by whoever knows it, as long as it was not fetched itself. */
export async function describeUnfetched(
  tx: Queryable,
  id: string,
  {
    title,
    artist,
    durationSeconds,
    coverUrl,
  }: Pick<Song, 'title' | 'artist' | 'durationSeconds' | 'coverUrl'>,
): Promise<void> {
  await tx.query(
    `update tracks set title = $2, artist = $3, duration_seconds = $4, cover_url = coalesce($5, cover_url)
     where id = $1 and not exists (select 1 from stages where owner = $1 and stage = 'download' and state = 'done')`,
    [id, title, artist, durationSeconds, coverUrl],
  )
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
