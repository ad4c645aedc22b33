// What is heard of each stem, by mute, solo and volume. Pure.

/** `volume` is where its slider stands, 0 to 1. */
export type StemSetting = { volume: number; isMuted: boolean; isSoloed: boolean }
export type Mix = { master: number; stems: StemSetting[] }
/** What samples are multiplied by; never more than 1, so that all stems together are the song at its own level. */
export type Levels = { master: number; stems: number[] }

export function wholeMix(stems: number): Mix {
  return {
    master: 1,
    stems: Array.from({ length: stems }, () => ({ volume: 1, isMuted: false, isSoloed: false })),
  }
}

/** Where any stem is soloed, those alone are heard, muted or not; else those that are not muted. */
export function levelsOf({ master, stems }: Mix): Levels {
  const hasSolo = stems.some(({ isSoloed }) => isSoloed)
  return {
    master: gainOf(master),
    stems: stems.map(({ volume, isMuted, isSoloed }) =>
      (hasSolo ? isSoloed : !isMuted) ? gainOf(volume) : 0,
    ),
  }
}

export function isWhole({ master, stems }: Levels): boolean {
  return master === 1 && stems.every((level) => level === 1)
}

/** Loudness goes about with the square: half of the slider's way sounds like half. */
function gainOf(volume: number): number {
  return volume ** 2
}
