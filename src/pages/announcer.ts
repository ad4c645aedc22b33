// What a screen reader says of what happens, once each: the page itself changes too often to be read out.

/** Long enough to be said; later it would only be in the way of who reads the page. */
const KEPT_MS = 10_000
const MOST_LINES = 5

export function announcer(region: HTMLElement): (text: string) => void {
  return (text) => {
    const line = document.createElement('p')
    line.textContent = text
    region.append(line)
    if (region.childElementCount > MOST_LINES) region.firstElementChild?.remove()
    setTimeout(() => line.remove(), KEPT_MS)
  }
}
