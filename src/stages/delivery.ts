// delivery: the stems a request wants, encoded and handed over. Owner: the request. A chat platform gets them on the request's message,
// with a mention of the person who asked; in the room they are where its pages find them; at a terminal they are copied by the terminal
// itself, which settles `delivered`. A list has none of its own: who asked is told that its songs are through.
import { join } from 'node:path'
import type { Chat } from '../chat/chat.ts'
import type { Delivered } from '../domain/packing.ts'
import { readCard } from '../store/cards.ts'
import { saveEncodings } from '../store/encodings.ts'
import { insertSongMessage } from '../store/messages.ts'
import { findRequest, moveRequest, type Request } from '../store/requests.ts'
import { findSeparation } from '../store/separations.ts'
import { findResult } from '../store/stages.ts'
import { findTrack } from '../store/tracks.ts'
import { encodeToFit, type Finished, type Masters } from './encoding.ts'
import { encodeForPlayer, PLAYER } from './player.ts'
import { type Made, partOf, type Stage, type StageDeps } from './stage.ts'
import { type EndedList, type Handed, tellOfList, upload } from './upload.ts'

type Deliverable =
  | { kind: 'song'; trackId: string; finished: Finished }
  | ({ kind: 'list'; trackId: string } & EndedList)

/** @param place a chat is the platform whose messages get the files */
export function delivery(place: Chat | 'terminal' | 'room'): Stage<Deliverable> {
  const handOver = { terminal: forTerminal, room: forRoom }
  return {
    async load(deps, owner) {
      const request = await findRequest(deps.db, owner)
      if (request?.state !== 'working') return undefined
      return (await loadList(deps, request)) ?? (await loadSong(deps, request))
    },

    async run(deps, subject, run) {
      if (subject.kind === 'list') {
        if (typeof place !== 'string') await tellOfList(place, deps, subject)
        return { result: { ...NOTHING, format: subject.request.format } satisfies Delivered }
      }
      const { finished } = subject
      const handed =
        typeof place === 'string'
          ? await handOver[place](deps, finished, run)
          : await upload(place, deps, finished, run)
      const { analysed, downloaded } = finished
      const result: Delivered = {
        ...handed,
        analysis: analysed ? join(analysed.folder, 'analysis.json') : null,
      }
      return { result, event: { audioSeconds: downloaded.result.durationSeconds } }
    },

    async save(tx, _deps, subject, made: Made) {
      const { stems, format, bitrateKbps, player } = made.result as Delivered
      const { request, masters } =
        subject.kind === 'list' ? { ...subject, masters: undefined } : subject.finished
      if (masters) {
        await saveEncodings(tx, masters.separationId, format, bitrateKbps, stems)
        await saveEncodings(tx, masters.separationId, PLAYER.format, PLAYER.bitrateKbps, player)
      }
      await moveRequest(tx, request.id, ['working'], place === 'terminal' ? 'ready' : 'delivered')
    },
  }
}

const NOTHING = { stems: [], player: [], analysis: null, bitrateKbps: 0, notes: [], link: null }

async function loadList({ db }: StageDeps, request: Request): Promise<Deliverable | undefined> {
  const card = await readCard(db, request.id)
  if (!card?.songs) return undefined
  return { kind: 'list', trackId: request.trackId, request, title: card.title, songs: card.songs }
}

async function loadSong({ db }: StageDeps, request: Request): Promise<Deliverable | undefined> {
  const track = await findTrack(db, request.trackId)
  const downloaded = track && (await findResult(db, track.id, 'download'))
  if (!track || !downloaded) return undefined
  const analysed = await findResult(db, track.id, 'analysis')
  const separation = request.separationId ? await findSeparation(db, request.separationId) : undefined
  const masters = separation && (await findResult(db, separation.id, 'processing'))
  if (separation && !masters) return undefined
  const finished: Finished = {
    trackId: track.id,
    request,
    track,
    downloaded: downloaded as Finished['downloaded'],
    analysed: analysed as Finished['analysed'],
    masters: separation && masters ? ({ separationId: separation.id, ...masters } as Masters) : undefined,
  }
  return { kind: 'song', trackId: track.id, finished }
}

type Run = [deps: StageDeps, finished: Finished, run: Parameters<Stage<Deliverable>['run']>[2]]

/** All that was asked for, however large. */
async function forTerminal(...[deps, finished, run]: Run): Promise<Handed> {
  const { masters, request } = finished
  const encoded = masters && (await encodeToFit(deps, finished, masters, Number.POSITIVE_INFINITY, run))
  return { stems: [], player: [], format: request.format, bitrateKbps: 0, ...encoded, notes: [], link: null }
}

/** As at a terminal, and what the results page plays. */
async function forRoom(...[deps, finished, run]: Run): Promise<Handed> {
  const handed = await forTerminal(deps, finished, partOf(run, 0, 0.5))
  const { masters, request } = finished
  // Its buttons are known by it.
  if (request.parentId) await insertSongMessage(deps.db, request.id, request.parentId)
  return { ...handed, player: masters ? await encodeForPlayer(deps, masters, partOf(run, 0.5, 1)) : [] }
}
