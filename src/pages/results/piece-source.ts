// Pieces of all stems, fetched and decoded. Those about the newest one are kept; one at a time is under way.
import type { Song } from '../../web/results/wire.ts'
import { FetchFailure, fetchBytes } from './fetch-bytes.ts'
import { isOutOfReach } from './schedule.ts'

export class PieceSource {
  readonly #stems: string[]
  readonly #decoder: OfflineAudioContext
  readonly #kept = new Map<number, AudioBuffer[]>()
  #coming: { piece: number; buffers: Promise<AudioBuffer[]>; cancel: AbortController } | undefined

  /** @throws where the browser cannot work at the song's rate */
  constructor(song: Song) {
    this.#stems = song.stems.map(({ stem }) => stem)
    // One that needs no gesture to begin, at the song's own rate: nothing is resampled.
    this.#decoder = new OfflineAudioContext(1, 1, song.sampleRateHz)
  }

  /** A piece of every stem, in the song's order; another one that is still under way is given up. @throws FetchFailure */
  async get(piece: number): Promise<AudioBuffer[]> {
    for (const kept of this.#kept.keys()) if (isOutOfReach(kept, piece)) this.#kept.delete(kept)
    if (this.#coming?.piece !== piece) {
      this.#coming?.cancel.abort()
      this.#coming = undefined
    }
    const kept = this.#kept.get(piece)
    if (kept) return kept
    if (!this.#coming) {
      const cancel = new AbortController()
      this.#coming = { piece, cancel, buffers: this.load(piece, this.#stems, cancel.signal) }
    }
    const coming = this.#coming
    try {
      const buffers = await coming.buffers
      if (this.#coming === coming) this.#kept.set(piece, buffers)
      return buffers
    } finally {
      if (this.#coming === coming) this.#coming = undefined
    }
  }

  /** A piece of some stems, kept by nobody. @throws FetchFailure, and whatever `signal` was aborted with */
  async load(piece: number, stems: string[], signal: AbortSignal): Promise<AudioBuffer[]> {
    const others = new AbortController()
    const either = AbortSignal.any([signal, others.signal])
    try {
      return await Promise.all(stems.map((stem) => this.#load(piece, stem, either)))
    } catch (error) {
      others.abort()
      throw error
    }
  }

  async #load(piece: number, stem: string, signal: AbortSignal): Promise<AudioBuffer> {
    const bytes = await fetchBytes(`player/${encodeURIComponent(stem)}/${piece}.flac`, signal)
    signal.throwIfAborted()
    const buffer = await this.#decoder.decodeAudioData(bytes).catch(() => {
      throw new FetchFailure('This browser cannot play the sound it was given.', true)
    })
    // Chromium counts samples as memory to be tidied up only once a script has looked at them: else they pile up to gigabytes.
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) buffer.getChannelData(channel)
    return buffer
  }
}
