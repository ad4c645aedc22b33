// What nobody has asked for in a while is removed: the songs, stems and encodings, not the rows. Who asks again gets them made again.
import type { Files } from '../files/files.ts'
import type { Database } from '../store/database.ts'
import { expireFiles, tracksUnasked } from '../store/stages.ts'
import { lockTrack } from '../store/tracks.ts'

const AT_ONCE = 100

/** @returns how many folders were removed */
export async function removeUnasked(
  { db, files }: { db: Database; files: Files },
  keepDays: number,
): Promise<number> {
  let removed = 0
  for (;;) {
    const trackIds = await tracksUnasked(db, keepDays, AT_ONCE)
    for (const trackId of trackIds) {
      const folders = await db.transaction(async (tx) => {
        await lockTrack(tx, trackId)
        return expireFiles(tx, trackId, keepDays)
      })
      // From now on nobody uses them, and what is not removed now, a sweep removes.
      for (const folder of folders) await files.remove(folder)
      removed += folders.length
    }
    if (trackIds.length < AT_ONCE) return removed
  }
}
