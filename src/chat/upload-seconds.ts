// How long an upload may take. Pure.

/** At 1 Mbit/s, and a while for the answer. */
export function uploadSeconds(bytes: number): number {
  return 20 + bytes / (128 * 1024)
}
