// The songs of an album or a playlist, on its card: a line each, in its order, as far as there is room. Pure.
import type { Card, CardSong } from '../domain/card.ts'
import { songName } from '../domain/names.ts'

type Standing = 'failed' | 'under way' | 'waiting' | 'cancelled' | 'delivered'

const MARKS: Record<Standing, string> = {
  failed: '✗',
  'under way': '▸',
  waiting: '·',
  cancelled: '–',
  delivered: '✓',
}
/** Where there is no room for all, it is given in this order. */
const FIRST: readonly Standing[] = ['failed', 'under way', 'waiting', 'cancelled', 'delivered']
const LONGEST = { name: 64, error: 160 }
/** The room in which the songs without a line are counted. */
const COUNTS = 110

/**
 * @param room in UTF-16 units, line breaks among them
 * @param foreign writes foreign text as the platform shows it, at most so many units long
 */
export function songLines(
  { songs, artist }: Card,
  room: number,
  foreign: (text: string, longest: number) => string,
): string[] {
  /** What stops one often stops all. */
  const told = new Set<string>()
  const write = (song: CardSong, standing: Standing): string => {
    // Who made the whole list is not named again.
    const named = song.artist === artist ? song.title : songName(song)
    const name = [song.number && `#${song.number}`, foreign(named, LONGEST.name) || 'Song']
      .filter(Boolean)
      .join(' ')
    if (standing === 'under way') return `${name} · ${Math.floor(song.fraction * 100)}%`
    if (standing !== 'failed' || !song.error) return name
    if (told.has(song.error)) return `${name}: the same`
    told.add(song.error)
    return `${name}: ${foreign(song.error, LONGEST.error)}`
  }
  const all = (songs ?? []).map((song) => {
    const standing = standingOf(song)
    return { standing, line: `${MARKS[standing]} ${write(song, standing)}` }
  })
  return within(room, all)
}

function standingOf({ state, fraction }: CardSong): Standing {
  if (state === 'ready') return 'under way'
  if (state === 'working') return fraction > 0 ? 'under way' : 'waiting'
  return state
}

/** The lines that have room, in their order, and of the rest how many there are. */
function within(room: number, all: { standing: Standing; line: string }[]): string[] {
  const length = all.reduce((sum, { line }) => sum + line.length + 1, 0)
  let left = length <= room ? room : room - COUNTS
  const shown = new Set<(typeof all)[number]>()
  for (const one of all.toSorted((a, b) => FIRST.indexOf(a.standing) - FIRST.indexOf(b.standing))) {
    left -= one.line.length + 1
    if (left < 0) break
    shown.add(one)
  }
  const counts = FIRST.flatMap((standing) => {
    const count = all.filter((one) => one.standing === standing && !shown.has(one)).length
    return count > 0 ? [`${MARKS[standing]} ${count} more ${standing}`] : []
  })
  return [...all.filter((one) => shown.has(one)).map(({ line }) => line), ...counts]
}
