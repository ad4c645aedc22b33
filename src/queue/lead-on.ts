// A request goes on with what its source turned out to be: the track of a recording, or the songs of a list.

import { parseLink } from '../domain/link.ts'
import { type Match, type Resolved, recordingSource } from '../domain/recording.ts'
import { needsResolving, type Source } from '../domain/source.ts'
import type { Files } from '../files/files.ts'
import type { Queryable } from '../store/database.ts'
import {
  findRequest,
  insertSong,
  moveToTrack,
  type Request,
  saveListed,
  workingRequests,
} from '../store/requests.ts'
import { claimSeparation, findSeparation } from '../store/separations.ts'
import { findResult, findStage, forgetStage } from '../store/stages.ts'
import { claimTrack, describeUnfetched, fetchFrom, renameBySong, type Track } from '../store/tracks.ts'
import type { Boss } from './boss.ts'
import { startAnew } from './start-anew.ts'

export type LeadDeps = { boss: Boss; files: Files }
type List = Extract<Resolved, { found: 'list' }>
/** `match` is null where the recording was named by whoever asked. */
type Led = { track: Track; match: Match | null }

/** The track of a source, and if that stands for a recording which is known already, the recording's. Both are locked. */
export async function claimLed(tx: Queryable, deps: LeadDeps, source: Source): Promise<Led> {
  return followed(tx, deps, { track: await claimFrom(tx, deps, source), match: null })
}

/** What was given up there begins again, and it is fetched from where it was named by just now. */
async function claimFrom(tx: Queryable, deps: LeadDeps, source: Source): Promise<Track> {
  const track = await claimTrack(tx, source)
  await startAnew(tx, deps, track.id, [track.id])
  await fetchFrom(tx, track, source)
  return track
}

async function followed(tx: Queryable, deps: LeadDeps, { track, match }: Led): Promise<Led> {
  const lead = needsResolving(track.source) ? leadOf(await resolvedAs(tx, track.id)) : undefined
  if (!lead) return { track, match }
  const target = await claimTrack(tx, lead.source)
  if ((await findStage(tx, target.id, 'download'))?.state === 'discarded') {
    // What was found cannot be fetched: it is looked for anew.
    await forgetStage(tx, track.id, 'resolve')
    return { track, match }
  }
  const next = await claimFrom(tx, deps, lead.source)
  await nameBySong(tx, next.id, lead.source)
  return followed(tx, deps, { track: next, match: lead.match ?? match })
}

/**
 * What can be chosen, and what is in a list, changes: it is found out anew for who asks. As long as somebody waits there it is what they see.
 */
export async function lookAnew(tx: Queryable, trackId: string): Promise<void> {
  const found = (await resolvedAs(tx, trackId))?.found
  if (found !== 'choices' && found !== 'list') return
  if ((await workingRequests(tx, trackId)).length === 0) await forgetStage(tx, trackId, 'resolve')
}

async function resolvedAs(tx: Queryable, trackId: string): Promise<Resolved | undefined> {
  return (await findResult(tx, trackId, 'resolve'))?.result as Resolved | undefined
}

function leadOf(resolved: Resolved | undefined): { source: Source; match: Match | null } | undefined {
  if (resolved?.found === 'link') return { source: parseLink(resolved.link), match: null }
  if (resolved?.found !== 'recording') return undefined
  const { recording, song } = resolved
  const { link, title, channel, confidence } = recording
  return { source: recordingSource(recording, song), match: { link, title, channel, confidence } }
}

/**
 * Hangs a request on what its track was found to stand for. Call with that track locked.
 * @returns the tracks that have to be settled for it; they are locked
 */
export async function leadOn(tx: Queryable, deps: LeadDeps, requestId: string): Promise<string[]> {
  const request = await findRequest(tx, requestId)
  if (!request) return []
  const resolved = await resolvedAs(tx, request.trackId)
  if (resolved?.found === 'list') return expand(tx, deps, request, resolved)
  const lead = leadOf(resolved)
  if (!lead) return []
  const target = await claimTrack(tx, lead.source)
  await lookAnew(tx, target.id)
  return [await hangOn(tx, deps, request, target, lead)]
}

/**
 * Moves a request, with its wish, to the track of a recording. Call with both tracks locked.
 * @returns the track's id
 */
export async function hangOn(
  tx: Queryable,
  deps: LeadDeps,
  request: Request,
  target: Track,
  { source, match }: { source?: Source; match: Match | null },
): Promise<string> {
  const separationId = await separationOn(tx, request, target.id)
  await startAnew(tx, deps, target.id, [target.id, separationId])
  if (source) {
    await fetchFrom(tx, target, source)
    await nameBySong(tx, target.id, source)
  }
  await moveToTrack(tx, request.id, { trackId: target.id, separationId, match: match ?? undefined })
  return target.id
}

/** A catalogue knows better than a site what a song is called. */
async function nameBySong(tx: Queryable, trackId: string, source: Source): Promise<void> {
  if (source.kind === 'site' && source.song) await renameBySong(tx, trackId, source.song)
}

/** The separation of another track by the model that the request has. */
async function separationOn(tx: Queryable, request: Request, trackId: string): Promise<string | null> {
  const separation = request.separationId ? await findSeparation(tx, request.separationId) : undefined
  if (!separation) return null
  return (await claimSeparation(tx, trackId, separation.model, separation.weights)).id
}

/** A request for every song of a list, each in its place. */
async function expand(tx: Queryable, deps: LeadDeps, parent: Request, list: List): Promise<string[]> {
  const songs = new Map<string, { source: Source; place: number; song: List['songs'][number] }>()
  for (const [place, song] of list.songs.entries()) {
    if (song.link === null) continue
    const source = parseLink(song.link)
    if (!songs.has(source.key)) songs.set(source.key, { source, place, song })
  }
  const claimed: Parameters<typeof insertSong>[2][] = []
  // Always in the same order, so that two lists at once do not lock each other out.
  for (const [, { source, place, song }] of [...songs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { track, match } = await claimLed(tx, deps, source)
    await lookAnew(tx, track.id)
    if (match === null) await describeUnfetched(tx, track.id, { ...song, coverUrl: null })
    const separationId = await separationOn(tx, parent, track.id)
    await startAnew(tx, deps, track.id, [track.id, separationId])
    claimed.push({ trackId: track.id, separationId, match, named: source, place })
  }
  claimed.sort((a, b) => a.place - b.place)
  for (const song of claimed) await insertSong(tx, parent.id, song)
  const unavailable = list.songs.flatMap(({ link, title, artist, unavailable }, place) =>
    link === null ? [{ place, title, artist, why: unavailable ?? 'not to be had' }] : [],
  )
  await saveListed(tx, parent.id, { total: list.total, taken: list.songs.length, unavailable })
  return claimed.map(({ trackId }) => trackId)
}
