// Counts down the times that are left, all with one timer, and with none while nothing is left to count or nobody looks.
import { setText } from '../element.ts'
import { timeLeft } from './times.ts'

export type Countdown = {
  /** @param secondsLeft null: not known, or over */
  show(node: HTMLElement, secondsLeft: number | null): void
}

export function startCountdown(): Countdown {
  /** When each will be there, on the clock of `performance.now()`. */
  const ends = new Map<HTMLElement, number>()
  let timer: number | undefined

  function tick() {
    for (const [node, end] of ends) setText(node, timeLeft((end - performance.now()) / 1000))
  }
  function hold() {
    const isNeeded = ends.size > 0 && !document.hidden
    if (isNeeded) {
      tick()
      timer ??= window.setInterval(tick, 1000)
    } else {
      window.clearInterval(timer)
      timer = undefined
    }
  }
  document.addEventListener('visibilitychange', hold)
  return {
    show(node, secondsLeft) {
      if (secondsLeft === null) {
        ends.delete(node)
        setText(node, '')
      } else ends.set(node, performance.now() + secondsLeft * 1000)
      hold()
    },
  }
}
