// What a delivery hands over, and which bitrate it gets. Pure.

/** Names are relative to the file store; `analysis` is null when the analysis was discarded. */
export type Delivered = { stems: { stem: string; file: string; bytes: number }[]; analysis: string | null }

const BITRATES_KBPS = [320, 256, 224, 192, 160, 128] as const
/** Room for tags, cover and the container, so that the file stays below the limit. */
const OVERHEAD_BYTES = 512 * 1024

/**
 * The highest MP3 bitrate with which a file of `durationSeconds` stays within `maxFileBytes`; the lowest when none does.
 * Constant bitrate: bytes = kbit/s * 1000 / 8 * seconds.
 */
export function bitrateFor(durationSeconds: number, maxFileBytes: number): number {
  const fits = BITRATES_KBPS.find((kbps) => kbps * 125 * durationSeconds + OVERHEAD_BYTES <= maxFileBytes)
  return fits ?? 128
}
