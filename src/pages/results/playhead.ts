// Shows where the song is: with the screen while it sounds, and only where that can be seen; never while it does not.

export type Playhead = {
  /** Where it is now. */
  show(): void
  follow(isMoving: boolean): void
}

/** `now` in seconds; `draw` is called where the difference is to be seen. */
export function makePlayhead(
  durationSeconds: number,
  now: () => number,
  draw: (seconds: number) => void,
): Playhead {
  let shown = Number.NaN
  let request = 0
  const show = () => {
    const seconds = now()
    const finest = durationSeconds / (4 * innerWidth)
    if (Math.abs(seconds - shown) < finest) return
    shown = seconds
    draw(seconds)
  }
  const step = () => {
    show()
    request = requestAnimationFrame(step)
  }
  return {
    show,
    follow(isMoving) {
      cancelAnimationFrame(request)
      if (isMoving) request = requestAnimationFrame(step)
    },
  }
}
