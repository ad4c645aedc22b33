// Discord's ids: milliseconds since 2015 in the upper bits, a running number below.

const EPOCH_MS = 1_420_070_400_000n

export function createSnowflakes(nowMs: () => number) {
  let last = 0n
  return (): string => {
    const first = (BigInt(Math.floor(nowMs())) - EPOCH_MS) << 22n
    last = first > last ? first : last + 1n
    return last.toString()
  }
}

export const msOf = (id: string) => Number((BigInt(id) >> 22n) + EPOCH_MS)
export const isSnowflake = (text: string) => /^\d{17,19}$/.test(text)
