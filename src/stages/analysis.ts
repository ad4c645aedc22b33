// analysis: BPM, key, loudness, beats, waveform of the song. Owner: the track.
import { join } from 'node:path'
import { findResult } from '../store/stages.ts'
import { findTrack } from '../store/tracks.ts'
import type { DownloadResult } from '../tools/protocol.ts'
import type { Stage } from './stage.ts'

export const analysis: Stage<{ trackId: string; file: string; durationSeconds: number }> = {
  async load({ db }, owner) {
    const track = await findTrack(db, owner)
    const downloaded = track && (await findResult(db, owner, 'download'))
    if (!downloaded) return undefined
    const { file, durationSeconds } = downloaded.result as DownloadResult
    return { trackId: owner, file: join(downloaded.folder, file), durationSeconds }
  },

  async run({ tools }, { file, durationSeconds }, { folder, signal, onProgress }) {
    const request = { input: await folder.localPath(file), outDir: folder.path }
    const result = await tools.run('analyze', request, { signal, onProgress })
    return { result, event: { audioSeconds: durationSeconds } }
  },
}
