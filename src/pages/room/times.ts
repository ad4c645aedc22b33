// Times, days and sizes in words. Pure.

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' })
const DAY_OF_A_YEAR = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })
const DAY_MS = 86_400_000

/** 213 -> 3:33, 3700 -> 1:01:40 */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] ? parts : parts.slice(1)
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

export function timeOfDay(at: Date): string {
  return TIME.format(at)
}

export function dayInWords(at: Date, now: Date): string {
  if (isSameDay(at, now)) return 'Today'
  if (isSameDay(at, new Date(now.getTime() - DAY_MS))) return 'Yesterday'
  return (at.getFullYear() === now.getFullYear() ? DAY : DAY_OF_A_YEAR).format(at)
}

export function isSameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString()
}

/** How long is left, as much as can be promised. */
export function timeLeft(seconds: number): string {
  if (seconds < 1) return 'any moment now'
  return seconds < 10 ? 'a few seconds left' : `about ${clock(seconds)} left`
}

/** 940 -> 940 bytes, 3400000 -> 3.4 MB */
export function sizeInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  const units = ['kB', 'MB', 'GB', 'TB']
  let size = bytes / 1000
  let unit = 0
  // 999.5 kB would be shown as 1000 kB.
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}
