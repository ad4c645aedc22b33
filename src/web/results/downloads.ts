// The files of a delivered request as they can be downloaded: each stem that was handed over, and all of them in a zip.
import { zipFileName } from '../../domain/names.ts'
import type { Delivered, Format } from '../../domain/packing.ts'
import type { Files } from '../../files/files.ts'
import type { Results } from '../../store/results.ts'
import { type NamedFile, storedFile } from './stored-file.ts'
import type { Download } from './wire.ts'
import { zipBytes } from './zip.ts'

export type StemFile = NamedFile & { stem: string; type: string }
export type Zip = { name: string; files: NamedFile[] }
export type Downloads = { stems: StemFile[]; zip: Zip | null }

const TYPES: Record<Format, string> = { mp3: 'audio/mpeg', flac: 'audio/flac', wav: 'audio/wav' }
/** As a band thinks of them; what is not among them comes last. */
const ORDER = ['vocals', 'drums', 'bass', 'guitar', 'piano', 'other']

/** @returns undefined where a file is no longer there */
export async function downloadsOf(
  files: Files,
  results: Results,
  delivered: Delivered,
): Promise<Downloads | undefined> {
  if (delivered.stems.length === 0) return { stems: [], zip: null }
  const type = TYPES[delivered.format]
  const found = inOrder(delivered.stems).map(async ({ stem, file }) => {
    const stored = await storedFile(files, file)
    return stored && { ...stored, stem, type }
  })
  const [analysis, ...all] = await Promise.all([
    delivered.analysis === null ? null : storedFile(files, delivered.analysis),
    ...found,
  ])
  const stems = all.filter((stem) => stem !== undefined)
  if (analysis === undefined || stems.length < all.length) return undefined
  const inZip = [...stems, ...(analysis ? [analysis] : [])]
  return { stems, zip: { name: zipFileName(results), files: inZip } }
}

/** How a page below `base` refers to the file. */
export function stemDownload({ name, bytes }: StemFile, base = ''): Download {
  return { address: `${base}stems/${encodeURIComponent(name)}`, name, bytes }
}

export function zipDownload({ name, files }: Zip, base = ''): Download {
  return { address: `${base}stems.zip`, name, bytes: zipBytes(files) }
}

export function inOrder<Stem extends { stem: string }>(stems: Stem[]): Stem[] {
  const place = ({ stem }: Stem) => (ORDER.includes(stem) ? ORDER.indexOf(stem) : ORDER.length)
  return stems.toSorted((a, b) => place(a) - place(b) || (a.stem < b.stem ? -1 : 1))
}
