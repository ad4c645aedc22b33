// Numbers as a person reads them, and names as files carry them. Pure.

const MIB = 2 ** 20

/** 3:07, or 1:02:07. */
export function clockTime(seconds: number): string {
  const whole = Math.floor(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

export function size(bytes: number): string {
  const mib = bytes / MIB
  return `${mib < 0.1 ? '< 0.1' : mib < 10 ? mib.toFixed(1) : Math.round(mib)}\u00a0MB`
}

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
