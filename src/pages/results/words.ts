// Numbers as a person reads them, and names as files carry them. Pure.

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)}\u00a0%`
}

/** One, two and three. */
export function listed(words: string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** `Artist - Title (mix of vocals, drums).wav`; what a system forbids in names, its browser takes out. */
export function mixFileName(
  { artist, title }: { artist: string | null; title: string },
  heard: string[],
): string {
  return `${artist ? `${artist} - ${title}` : title} (mix of ${heard.join(', ')}).wav`
}
