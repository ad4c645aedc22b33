// Where a delivered request's files are on this server, for whoever lists them.
import type { Files } from '../../files/files.ts'
import type { Queryable } from '../../store/database.ts'
import { addressOf, findResults } from '../../store/results.ts'
import { coverOf } from './cover.ts'
import { downloadsOf, stemDownload, zipDownload } from './downloads.ts'
import type { Download } from './wire.ts'

export type ResultsOfRequest = {
  /** The page's address. */
  page: string
  /** Of the song's picture, where it has one. */
  cover: string | null
  zip: Download | null
  /** `type` is the MIME type. */
  stems: (Download & { stem: string; type: string })[]
}

/**
 * Addresses begin with `/results/`, and stay the same until the next day of UTC, unless they are revoked.
 * @returns undefined where it is not delivered, or a file is no longer there
 */
export async function resultsOf(
  { db, files }: { db: Queryable; files: Files },
  requestId: string,
  now = new Date(),
): Promise<ResultsOfRequest | undefined> {
  const results = await findResults(db, requestId)
  if (results?.state !== 'delivered' || !results.delivered) return undefined
  const [downloads, cover, page] = await Promise.all([
    downloadsOf(files, results, results.delivered),
    coverOf(files, results),
    addressOf(db, results, now),
  ])
  if (!downloads) return undefined
  return {
    page,
    cover: cover ? `${page}cover` : null,
    zip: downloads.zip && zipDownload(downloads.zip, page),
    stems: downloads.stems.map((file) => ({
      ...stemDownload(file, page),
      stem: file.stem,
      type: file.type,
    })),
  }
}
