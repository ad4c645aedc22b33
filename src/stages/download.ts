// download: brings the song's audio into the file store and finds out what it is called. Owner: the track. Where another track has the
// very same sound already, who waits for this one goes on with that.
import type { Chat } from '../chat/chat.ts'
import type { AttachmentSource, Source } from '../domain/source.ts'
import { ChatError } from '../errors.ts'
import { uploadName } from '../files/files.ts'
import { hangOn } from '../queue/lead-on.ts'
import { settleTrack } from '../queue/settle.ts'
import type { Queryable } from '../store/database.ts'
import { findRequest, workingRequests } from '../store/requests.ts'
import { findResult, forgetStage } from '../store/stages.ts'
import {
  describeTrack,
  findTrack,
  giveName,
  lockTrack,
  nameTrack,
  renameTrack,
  type Track,
} from '../store/tracks.ts'
import type { DownloadResult } from '../tools/protocol.ts'
import type { Stage, StageDeps, StageRun } from './stage.ts'

/** @param chats the platforms whose files this worker may fetch */
export function download(chats: Chat[]): Stage<Track & { trackId: string }> {
  return {
    async load({ db }, owner) {
      const track = await findTrack(db, owner)
      return track && { ...track, trackId: track.id }
    },

    async run({ tools, settings }, { source }, { folder, signal, onProgress }) {
      const result = await tools.run(
        'download',
        {
          source: await askedOf(source, folder, chats),
          outDir: folder.path,
          maxBytes: settings.MAX_UPLOAD_BYTES,
          maxSeconds: settings.MAX_SONG_SECONDS,
        },
        { signal, onProgress },
      )
      return { result, event: { audioSeconds: result.durationSeconds } }
    },

    async save(tx, deps, track, made) {
      const found = made.result as DownloadResult
      await describeTrack(tx, track.id, found)
      await shareSound(tx, deps, track.id, `audio:${found.audioSha256}`)
    },
  }
}

/** Call with the track locked. @param sound the name under which the same samples are known, however they came */
async function shareSound(tx: Queryable, deps: StageDeps, trackId: string, sound: string): Promise<void> {
  const otherId = await nameTrack(tx, sound, trackId)
  if (otherId === trackId) return
  const other = await lockTrack(tx, otherId)
  const downloaded = await findResult(tx, otherId, 'download')
  if (!downloaded || !(await deps.files.has(downloaded.folder))) return giveName(tx, sound, trackId)
  await renameTrack(tx, trackId, other.id)
  for (const { id } of await workingRequests(tx, trackId)) {
    const request = await findRequest(tx, id)
    if (request) await hangOn(tx, deps, request, other, { match: null })
  }
  await forgetStage(tx, trackId, 'download')
  await settleTrack(tx, deps, other.id)
}

/** The source as the tool is asked for it. */
async function askedOf(source: Source, folder: StageRun['folder'], chats: Chat[]) {
  if (source.kind === 'file')
    return { kind: 'file', path: await folder.localPath(uploadName(source.sha256)), name: source.name }
  if (source.kind === 'attachment') return { ...source, authorization: await authorizationFor(source, chats) }
  return source
}

/** @throws ChatError `chat_waiting` where another worker has the platform's credentials */
async function authorizationFor(
  { platform, place }: AttachmentSource,
  chats: Chat[],
): Promise<string | null> {
  if (!place) return null
  const chat = chats.find((one) => one.platform === platform)
  if (!chat)
    throw new ChatError('chat_waiting', {
      sentence: `The file waits for a worker that has the credentials of ${platform}: start one.`,
    })
  return chat.fileAuthorization(place)
}
