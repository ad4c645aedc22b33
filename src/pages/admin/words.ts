// Times, places and names in words. Pure.
import type { Asked } from '../../web/admin/wire.ts'

const PLATFORMS: Record<string, string> = {
  terminal: 'Terminal',
  room: 'Room',
  discord: 'Discord',
  slack: 'Slack',
}

/** 0.4 -> 0 s, 75 -> 1 min, 4000 -> 1 h 6 min, 200000 -> 2 d 7 h */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min`
  if (whole < 86_400) return twoUnits(whole, 3600, 'h', 60, 'min')
  return twoUnits(whole, 86_400, 'd', 3600, 'h')
}

function twoUnits(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** As exact as it is short: 80 -> 80 ms, 1234 -> 1.2 s, 75000 -> 1:15 min */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`
}

export function songName({
  title,
  artist,
  number,
}: {
  title: string
  artist: string | null
  number?: number
}): string {
  const name = title || (number === undefined ? 'a song' : `Song #${number}`)
  return artist ? `${artist} – ${name}` : name
}

/** `Ann · Discord · channel 12 in 34` */
export function askedBy({ person, platform, workspace, channel }: Asked): string {
  const place =
    platform === 'room' ? `#${channel}` : workspace ? `channel ${channel} in ${workspace}` : channel
  return [person, PLATFORMS[platform] ?? platform, place].filter(Boolean).join(' · ')
}
