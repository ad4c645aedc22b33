// Which songs of a list a card shows while it is folded, and what there is to say of all of them. Pure.
import type { RoomCard } from '../../chat/room/wire.ts'

export type Song = NonNullable<RoomCard['songs']>[number]
/** A song at its place in the list, from 0 on. */
export type PlacedSong = { place: number; song: Song }

/** What wants somebody to look comes first, what is there already last: it has a message of its own. */
const ORDER: Song['state'][] = ['failed', 'ready', 'working', 'cancelled', 'delivered']

/** At most so many, those that matter most just now, in the order of the list. */
export function foldedSongs(songs: readonly Song[], most: number): PlacedSong[] {
  const placed = songs.map((song, place) => ({ place, song }))
  return placed
    .toSorted((one, other) => rank(one.song) - rank(other.song))
    .slice(0, most)
    .toSorted((one, other) => one.place - other.place)
}

/** `9 of 12 are there` */
export function songsInWords(songs: readonly Song[]): string {
  const there = songs.filter(({ state }) => state === 'delivered').length
  return `${there} of ${songs.length} ${there === 1 ? 'is' : 'are'} there`
}

/** Nothing follows, whoever presses what: it is there, or can never be. */
export function isSettled({ state, number }: Song): boolean {
  return state === 'delivered' || number === null
}

function rank({ state, fraction }: Song): number {
  // Of those that are under way, what has begun.
  return ORDER.indexOf(state) - (state === 'working' && fraction > 0 ? 0.5 : 0)
}
