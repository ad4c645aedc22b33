// What a delivery hands over, and in which encoding: the best that the place takes. Pure.

/** Names are relative to the file store; `analysis` is null when the analysis was discarded. */
export type Delivered = {
  stems: { stem: string; file: string; bytes: number }[]
  /** All stems of the separation, as the results page plays them; none where no page is linked to. */
  player: { stem: string; file: string; bytes: number }[]
  analysis: string | null
  format: Format
  /** 0 for lossless formats. */
  bitrateKbps: number
  /** What there is to say of the files. */
  notes: string[]
  /** The results page; null where this installation has no public address. */
  link: string | null
}
export type Format = 'mp3' | 'flac' | 'wav'
export type Packing = { format: Format; bitrateKbps: number }

/** What MPEG-1 Layer III has, from best to least. */
const BITRATES_KBPS = [320, 256, 224, 192, 160, 128, 112, 96, 80, 64] as const
/** Room for tags and the container; a file that its cover makes too large all the same gets the next rate. */
const OVERHEAD_BYTES = 64 * 1024
/** WAV as the encoder writes it: 44.1 kHz, two channels, 24 bit. */
const WAV_BYTES_A_SECOND = 44_100 * 2 * 3
const WAV_HEADER_BYTES = 4096
const MiB = 1024 ** 2

/**
 * The encodings to try in turn, the best first, for stems of `durationSeconds` in files of at most `maxFileBytes`. Lossless falls back
 * to the next smaller, as its real size shows only when it is made; constant bitrate is bytes = kbit/s * 1000 / 8 * seconds. Empty when
 * not even the least fits.
 */
export function packingsFor(wanted: Format, durationSeconds: number, maxFileBytes: number): Packing[] {
  const packings: Packing[] = []
  if (wanted === 'wav' && WAV_HEADER_BYTES + WAV_BYTES_A_SECOND * durationSeconds <= maxFileBytes)
    packings.push({ format: 'wav', bitrateKbps: 0 })
  if (wanted !== 'mp3') packings.push({ format: 'flac', bitrateKbps: 0 })
  const rates = BITRATES_KBPS.filter((kbps) => kbps * 125 * durationSeconds + OVERHEAD_BYTES <= maxFileBytes)
  return [...packings, ...rates.map((bitrateKbps) => ({ format: 'mp3' as const, bitrateKbps }))]
}

/** What to say when the files are other than was asked for, or less than the best. */
export function packingNotes(
  wanted: Format,
  { format, bitrateKbps }: Packing,
  maxFileBytes: number,
): string[] {
  const limit = `${Math.floor(maxFileBytes / MiB)} MiB`
  if (format === 'mp3' && bitrateKbps < BITRATES_KBPS[0])
    return [`MP3 at ${bitrateKbps} kbit/s: the best that stays below the ${limit} a file may have here.`]
  if (format !== wanted)
    return [
      `${format.toUpperCase()} in place of ${wanted.toUpperCase()}, to stay below the ${limit} a file may have here.`,
    ]
  return []
}

export function tooLongNote(maxFileBytes: number): string {
  const limit = `${Math.floor(maxFileBytes / MiB)} MiB`
  return `The stems are ready, but too long to be attached: a file may have ${limit} here.`
}

const FILE_LIMITS = [100, 50, 25, 10, 8, 4, 2].map((mebibytes) => mebibytes * MiB)

/** The next smaller limit to try when a platform refused files that its own word allowed; undefined when there is none. */
export function smallerLimit(maxFileBytes: number): number | undefined {
  return FILE_LIMITS.find((bytes) => bytes < maxFileBytes)
}
