// Times above the waveforms.
import { clock } from '../units.ts'

const STEPS_SECONDS = [5, 10, 15, 30, 60, 120, 300, 600]
const MOST_MARKS = 8
/** What a mark needs to its right, as a part of the whole. */
const ROOM = 0.06

export function showRuler(ruler: HTMLElement, durationSeconds: number): void {
  const step = STEPS_SECONDS.find((seconds) => durationSeconds / seconds <= MOST_MARKS) ?? durationSeconds
  for (let seconds = 0; seconds < durationSeconds * (1 - ROOM); seconds += step) {
    const mark = document.createElement('span')
    mark.textContent = clock(seconds)
    mark.style.left = `${(seconds / durationSeconds) * 100}%`
    ruler.append(mark)
  }
}
