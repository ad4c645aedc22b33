// delivery: the stems a request wants, encoded and handed over. Owner: the request. A chat platform gets them on the request's message,
// with a mention of the person who asked; in the room they are where its pages find them; at a terminal they are copied by the terminal
// itself, which settles `delivered`.
import { join } from 'node:path'
import type { Chat } from '../chat/chat.ts'
import type { Delivered } from '../domain/packing.ts'
import { saveEncodings } from '../store/encodings.ts'
import { findRequest, moveRequest } from '../store/requests.ts'
import { findSeparation } from '../store/separations.ts'
import { findResult } from '../store/stages.ts'
import { findTrack } from '../store/tracks.ts'
import { encodeToFit, type Finished, type Masters } from './encoding.ts'
import { encodeForPlayer, PLAYER } from './player.ts'
import { type Made, partOf, type Stage } from './stage.ts'
import { type Handed, upload } from './upload.ts'

/** @param place a chat is the platform whose messages get the files */
export function delivery(place: Chat | 'terminal' | 'room'): Stage<Finished> {
  const handOver = { terminal: forTerminal, room: forRoom }
  return {
    async load({ db }, owner) {
      const request = await findRequest(db, owner)
      const track = request && (await findTrack(db, request.trackId))
      const downloaded = track && (await findResult(db, track.id, 'download'))
      if (request?.state !== 'working' || !track || !downloaded) return undefined
      const analysed = await findResult(db, track.id, 'analysis')
      const separation = request.separationId ? await findSeparation(db, request.separationId) : undefined
      const masters = separation && (await findResult(db, separation.id, 'processing'))
      if (separation && !masters) return undefined
      return {
        trackId: track.id,
        request,
        track,
        downloaded: downloaded as Finished['downloaded'],
        analysed: analysed as Finished['analysed'],
        masters: separation && masters ? ({ separationId: separation.id, ...masters } as Masters) : undefined,
      }
    },

    async run(deps, finished, run) {
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

    async save(tx, { request, masters }, made: Made) {
      const { stems, format, bitrateKbps, player } = made.result as Delivered
      if (masters) {
        await saveEncodings(tx, masters.separationId, format, bitrateKbps, stems)
        await saveEncodings(tx, masters.separationId, PLAYER.format, PLAYER.bitrateKbps, player)
      }
      await moveRequest(tx, request.id, ['working'], place === 'terminal' ? 'ready' : 'delivered')
    },
  }
}

type Run = Parameters<Stage<Finished>['run']>

/** All that was asked for, however large. */
async function forTerminal(...[deps, finished, run]: Run): Promise<Handed> {
  const { masters, request } = finished
  const encoded = masters && (await encodeToFit(deps, finished, masters, Number.POSITIVE_INFINITY, run))
  return { stems: [], player: [], format: request.format, bitrateKbps: 0, ...encoded, notes: [], link: null }
}

/** As at a terminal, and what the results page plays. */
async function forRoom(...[deps, finished, run]: Run): Promise<Handed> {
  const handed = await forTerminal(deps, finished, partOf(run, 0, 0.5))
  const { masters } = finished
  return { ...handed, player: masters ? await encodeForPlayer(deps, masters, partOf(run, 0.5, 1)) : [] }
}
