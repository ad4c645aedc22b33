// In a results page's audio thread: follows each stem's samples as they are rendered. The stems are those of known_stems.py, so every
// sample says where in the song it belongs.
const QUANTUM_FRAMES = 128
const TOLD_EVERY_FRAMES = 4096

class Tap extends AudioWorkletProcessor {
  #states = []
  // Counted here: Chromium's own `currentFrame` may lag behind for a moment.
  #clock = 0

  process(inputs) {
    for (const [stem, [left, right]] of inputs.entries()) {
      for (let frame = 0; frame < (left?.length ?? 1); frame++) {
        const clock = this.#clock + frame
        const songFrame = left ? songFrameOf(stem, left[frame], right[frame]) : 'silence'
        // While one sample follows the other, a stem keeps its distance from the clock.
        const state = typeof songFrame === 'number' ? songFrame - clock : songFrame
        if (state !== this.#states[stem]) this.port.postMessage({ stem, clock, state })
        this.#states[stem] = state
      }
    }
    if (this.#clock % TOLD_EVERY_FRAMES === 0) this.port.postMessage({ clock: this.#clock })
    this.#clock += QUANTUM_FRAMES
    return true
  }
}

/** The sample of the song that this is, to the 16th bit; or why it is none. */
function songFrameOf(stem, left, right) {
  if (Math.max(Math.abs(left), Math.abs(right)) < 1e-5) return 'silence'
  const [low, high] = [left * 2 ** 15 + 2 ** 14, -right * 2 ** 15]
  const isExact = [low, high].every((step) => Math.abs(step - Math.round(step)) < 0.02)
  if (!isExact || Math.round(high) % 8 !== stem + 1) return 'other'
  return Math.floor(Math.round(high) / 8) * 2 ** 14 + Math.round(low)
}

registerProcessor('tap', Tap)
