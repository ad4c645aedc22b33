// A room's name of what somebody has written, as addresses hold it. Pure.

const LONGEST = 40

/** `Second Verse!` -> `second-verse`; empty where nothing is left of it. */
export function roomName(written: string): string {
  return written
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '')
}
