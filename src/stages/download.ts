// download: brings the song's audio into the file store and finds out what it is called. Owner: the track.
import type { Chat } from '../chat/chat.ts'
import type { AttachmentSource, Source } from '../domain/source.ts'
import { ChatError } from '../errors.ts'
import { type Files, uploadName } from '../files/files.ts'
import { describeTrack, findTrack, type Track } from '../store/tracks.ts'
import type { DownloadResult } from '../tools/protocol.ts'
import type { Stage } from './stage.ts'

/** @param chats the platforms whose files this worker may fetch */
export function download(chats: Chat[]): Stage<Track & { trackId: string }> {
  return {
    async load({ db }, owner) {
      const track = await findTrack(db, owner)
      return track && { ...track, trackId: track.id }
    },

    async run({ tools, files, settings }, { source }, { folder, signal, onProgress }) {
      const result = await tools.run(
        'download',
        {
          source: await askedOf(source, files, chats),
          outDir: folder.path,
          maxBytes: settings.MAX_UPLOAD_BYTES,
          maxSeconds: settings.MAX_SONG_SECONDS,
        },
        { signal, onProgress },
      )
      return { result, event: { audioSeconds: result.durationSeconds } }
    },

    save: (tx, track, made) => describeTrack(tx, track.id, made.result as DownloadResult),
  }
}

/** The source as the tool is asked for it. */
async function askedOf(source: Source, files: Files, chats: Chat[]) {
  if (source.kind === 'file')
    return { kind: 'file', path: files.pathOf(uploadName(source.sha256)), name: source.name }
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
