// What the results page is told of a song. Addresses are relative to the page's own.

/** A file to be downloaded; `name` is what it is saved as. */
export type Download = { address: string; name: string; bytes: number }

export type SongStem = {
  stem: string
  /** The stem as the page plays it: piece n is at `player/<stem>/<n>.flac`, a FLAC file of its own; all of `pieceSamples` but the last. */
  pieces: number
  /** Smallest and largest sample of each of equal stretches of the song, -1 to 1. */
  peaks: { min: number[]; max: number[] }
  /** As it was asked for; null where this stem was not. */
  download: Download | null
}

export type Song = {
  number: number
  title: string
  artist: string | null
  album: string | null
  model: string
  durationSeconds: number
  bpm: number | null
  /** Half or double, where that may be the tempo as well. */
  bpmAlternative: number | null
  key: string | null
  keyAlternative: string | null
  loudnessLufs: number | null
  /** Address of the song's picture. */
  cover: string | null
  /** When the page's address ends to be good, in ISO 8601. */
  expires: string
  notes: string[]
  sampleRateHz: number
  /** Of every stem, a channel. */
  samples: number
  pieceSamples: number
  /** Empty where a song was only analysed. */
  stems: SongStem[]
  /** All that was asked for in one file; null where there is nothing. */
  zip: Download | null
}
