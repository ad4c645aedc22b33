// The bar with play, position and volume, and what is said when it cannot go on.

import { find } from '../find.ts'
import { clock } from '../units.ts'
import type { PlayerState } from './player.ts'
import { setSlider } from './slider.ts'
import { percent } from './words.ts'

/** A wait that is shorter is not spoken of. */
const PATIENCE_MS = 400

export type TransportBar = {
  showState(state: PlayerState): void
  showTime(seconds: number): void
  showVolume(volume: number): void
}

export type TransportActions = {
  toggle: () => void
  seek: (seconds: number) => void
  setVolume: (volume: number) => void
  retry: () => void
}

export function makeTransportBar(durationSeconds: number, actions: TransportActions): TransportBar {
  const bar = find(document, '#transport', HTMLElement)
  const play = find(bar, '#play', HTMLButtonElement)
  const position = find(bar, '#position', HTMLInputElement)
  const elapsed = find(bar, '#elapsed', HTMLElement)
  const volume = find(bar, '#master', HTMLInputElement)
  const status = find(bar, '#waiting', HTMLElement)
  const failure = find(bar, '#failure', HTMLElement)
  const failureWords = find(failure, 'span', HTMLElement)
  const retry = find(failure, 'button', HTMLButtonElement)
  let patience: ReturnType<typeof setTimeout> | undefined
  /** While the slider is held, it follows the hand and not the song. */
  let isHeld = false

  position.max = String(durationSeconds)
  find(bar, '#duration', HTMLElement).textContent = clock(Math.round(durationSeconds))
  const showTime = (seconds: number) => {
    elapsed.textContent = clock(seconds)
    setSlider(position, seconds, `${clock(seconds)} of ${clock(Math.round(durationSeconds))}`)
  }
  play.addEventListener('click', actions.toggle)
  retry.addEventListener('click', () => {
    // The button goes away, and would take the focus with it.
    play.focus()
    actions.retry()
  })
  volume.addEventListener('input', () => actions.setVolume(Number(volume.value) / 100))
  position.addEventListener('input', () => {
    isHeld = true
    showTime(Number(position.value))
  })
  // Brought back to where it was, it has not changed, and is let go all the same.
  for (const letGo of ['change', 'pointerup', 'pointercancel', 'blur'])
    position.addEventListener(letGo, () => {
      isHeld = false
    })
  position.addEventListener('change', () => actions.seek(Number(position.value)))

  return {
    showState({ isPlaying, isWaiting, failure: failed }) {
      play.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play')
      bar.classList.toggle('playing', isPlaying)
      const waits = isWaiting && !failed
      if (!waits) {
        clearTimeout(patience)
        patience = undefined
        status.textContent = ''
        bar.classList.remove('waiting')
      }
      patience ??= waits
        ? setTimeout(() => {
            status.textContent = 'Loading…'
            bar.classList.add('waiting')
          }, PATIENCE_MS)
        : undefined
      failure.hidden = !failed
      retry.hidden = !failed?.canRetry
      if (failed && failureWords.textContent !== failed.words) failureWords.textContent = failed.words
      if (!failed) failureWords.textContent = ''
    },
    showTime: (seconds) => {
      if (!isHeld) showTime(seconds)
    },
    showVolume: (level) => setSlider(volume, Math.round(level * 100), percent(level)),
  }
}
