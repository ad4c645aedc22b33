// download: brings the song's audio into the file store and finds out what it is called. Owner: the track.
import { uploadName } from '../files/files.ts'
import { describeTrack, findTrack, type Track } from '../store/tracks.ts'
import type { DownloadResult } from '../tools/protocol.ts'
import type { Stage } from './stage.ts'

export const download: Stage<Track & { trackId: string }> = {
  async load({ db }, owner) {
    const track = await findTrack(db, owner)
    return track && { ...track, trackId: track.id }
  },

  async run({ tools, files, settings }, { source }, { folder, signal, onProgress }) {
    const given =
      source.kind === 'file'
        ? { kind: 'file', path: files.pathOf(uploadName(source.sha256)), name: source.name }
        : source
    const result = await tools.run(
      'download',
      {
        source: given,
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
