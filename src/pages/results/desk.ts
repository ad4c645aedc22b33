// The mixing desk in the sound card's terms: a level a stem, one for all of them, and a fader that keeps pauses and jumps from clicking.
import type { Levels } from './mixer.ts'

/** How fast a level follows: soon, without a click. */
const LEVEL_SECONDS = 0.012
const FADE_SECONDS = 0.004
/** After so long a fade is not heard. */
export const FADED_SECONDS = 0.025

export class Desk {
  readonly context: AudioContext
  /** Where the stems come in, in the song's order. */
  readonly inputs: readonly GainNode[]
  readonly #master: GainNode
  readonly #fader: GainNode

  constructor(sampleRateHz: number, levels: Levels) {
    this.context = new AudioContext({ sampleRate: sampleRateHz, latencyHint: 'balanced' })
    const gain = (level: number, target: AudioNode) => {
      const node = new GainNode(this.context, { gain: level })
      node.connect(target)
      return node
    }
    this.#fader = gain(0, this.context.destination)
    this.#master = gain(levels.master, this.#fader)
    this.inputs = levels.stems.map((level) => gain(level, this.#master))
  }

  setLevels({ master, stems }: Levels): void {
    this.#approach(this.#master, master, this.context.currentTime, LEVEL_SECONDS)
    for (const [stem, input] of this.inputs.entries())
      this.#approach(input, stems[stem] ?? 0, this.context.currentTime, LEVEL_SECONDS)
  }

  fadeIn(when: number): void {
    this.#approach(this.#fader, 1, when, FADE_SECONDS)
  }

  /** The time from which nothing is heard. */
  fadeOut(): number {
    this.#approach(this.#fader, 0, this.context.currentTime, FADE_SECONDS)
    return this.context.currentTime + FADED_SECONDS
  }

  #approach({ gain }: GainNode, level: number, when: number, seconds: number): void {
    gain.cancelScheduledValues(this.context.currentTime)
    gain.setTargetAtTime(level, when, seconds)
  }
}
