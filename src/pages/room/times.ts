// Times and days in words. Pure.
import { clock } from '../units.ts'

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' })
const DAY_OF_A_YEAR = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })
const DAY_MS = 86_400_000

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
