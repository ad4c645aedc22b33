// resolve: finds out what a source stands for that is no recording itself: another link, a song's recording, what to choose among, or the
// songs of a list. Owner: the track.
import { assertOpen } from '../domain/doors.ts'
import { parseLink } from '../domain/link.ts'
import type { Resolved } from '../domain/recording.ts'
import type { Song } from '../domain/song.ts'
import { type Source, serviceOf } from '../domain/source.ts'
import { ToolError, UserError } from '../errors.ts'
import { pauseOf } from '../queue/circuit.ts'
import { circuitOpenUntil, openCircuit } from '../store/circuits.ts'
import { describeUnfetched, findTrack, type Track } from '../store/tracks.ts'
import type { Stage, StageDeps } from './stage.ts'

/** Where a service says that it was asked too often, but not for how long. */
const UNSAID_SECONDS = 300

export const resolve: Stage<Track & { trackId: string }> = {
  async load({ db }, owner) {
    const track = await findTrack(db, owner)
    return track && { ...track, trackId: track.id }
  },

  async run(deps, { id, source }, { signal, onProgress }) {
    const { settings, tools } = deps
    const service = serviceOf(source)
    const until = service && (await circuitOpenUntil(deps.db, service))
    if (until) throw pauseOf(until)
    const request = { source, maxSeconds: settings.MAX_SONG_SECONDS, maxSongs: settings.MAX_LIST_SONGS }
    try {
      const {
        type: _,
        id: __,
        ...resolved
      } = (await tools.run('resolve', request, {
        signal,
        onProgress,
      })) as Resolved & { type?: unknown; id?: unknown }
      return { result: understood(resolved as Resolved, settings.SOURCES) }
    } catch (error) {
      const song = error instanceof ToolError ? (error.song as Song | undefined) : undefined
      // What failed has a name all the same.
      if (song) await deps.db.transaction((tx) => describeUnfetched(tx, id, song))
      throw await withCircuit(deps, error)
    }
  },

  async save(tx, _deps, track, { result }) {
    const resolved = result as Resolved
    if (resolved.found === 'list')
      await describeUnfetched(tx, track.id, {
        title: resolved.title,
        artist: resolved.owner,
        durationSeconds: null,
        coverUrl: null,
      })
    // Until it is chosen which recording it is.
    if (resolved.found === 'choices' && resolved.song) await describeUnfetched(tx, track.id, resolved.song)
  },
}

/** With every link read as one that a person typed would be. @throws UserError or ToolError where it leads nowhere */
function understood(resolved: Resolved, doors: StageDeps['settings']['SOURCES']): Resolved {
  if (resolved.found === 'link') {
    const source = parseLink(resolved.link)
    if (source.kind === 'url' || source.kind === 'short') throw new UserError('unsupported_link')
    assertOpen(source, doors)
  } else if (resolved.found === 'recording') parseLink(resolved.recording.link)
  else if (resolved.found === 'choices') for (const { link } of resolved.choices) parseLink(link)
  else {
    const songs = resolved.songs.map((song) => ({ ...song, ...linkOf(song) }))
    if (songs.every(({ link }) => link === null)) throw new ToolError('list_empty', undefined, false)
    return { ...resolved, songs }
  }
  return resolved
}

/** What a song of a list may be named by. */
const SONGS: readonly Source['kind'][] = ['site', 'spotify', 'catalogue']

function linkOf({ link, unavailable }: { link: string | null; unavailable: string | null }) {
  try {
    if (link !== null && SONGS.includes(parseLink(link).kind)) return { link, unavailable }
  } catch {
    // said below
  }
  return { link: null, unavailable: unavailable ?? 'not a song' }
}

/** A service that asks for a pause gets it from everybody. */
async function withCircuit({ db, settings }: StageDeps, error: unknown): Promise<unknown> {
  if (!(error instanceof ToolError) || error.code !== 'spotify_rate_limited') return error
  const seconds = error.retryAfterSeconds ?? UNSAID_SECONDS
  await openCircuit(db, 'spotify', settings.SPOTIFY_CLIENT_ID ?? '', seconds)
  const until = await circuitOpenUntil(db, 'spotify')
  return until ? pauseOf(until) : error
}
