// Discord's ids carry the time at which they were made. Pure.
const DISCORD_EPOCH_MS = 1420070400000n

/** The least id that Discord gives to anything made at that time. */
export function firstIdAt(ms: number): string {
  return String((BigInt(ms) - DISCORD_EPOCH_MS) << 22n)
}
