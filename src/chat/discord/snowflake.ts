// Discord's ids carry the time at which they were made. Pure.
const DISCORD_EPOCH_MS = 1420070400000n

/** When Discord made what has this id, in ms. */
export function timeOf(id: string): number {
  return Number((BigInt(id) >> 22n) + DISCORD_EPOCH_MS)
}
