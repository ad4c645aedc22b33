// The ways in which a song may be named. Operators open and close them by SOURCES.
import { UserError } from '../errors.ts'
import type { Source } from './source.ts'

/** What each door takes, in the words of a list: `send a file, a Spotify link …`. */
export const DOORS = {
  upload: 'the file itself',
  link: 'a direct link to an audio file',
  search: 'the artist and the title',
  spotify: 'a Spotify link',
  youtube: 'a YouTube link',
  soundcloud: 'a SoundCloud link',
  bandcamp: 'a Bandcamp link',
  apple: 'an Apple Music link',
  deezer: 'a Deezer link',
  tidal: 'a Tidal link',
  vimeo: 'a Vimeo link',
  mixcloud: 'a Mixcloud link',
  audiomack: 'an Audiomack link',
  dailymotion: 'a Dailymotion link',
} as const
export type Door = keyof typeof DOORS

/** Open unless SOURCES says otherwise: the others are sites that few bands need. */
export const USUAL_DOORS: readonly Door[] = [
  'upload',
  'link',
  'search',
  'spotify',
  'youtube',
  'soundcloud',
  'bandcamp',
  'apple',
  'deezer',
  'tidal',
]

export function doorOf(source: Source): Door {
  if (source.kind === 'file' || source.kind === 'attachment') return 'upload'
  if (source.kind === 'url') return 'link'
  if (source.kind === 'site') return source.site
  if (source.kind === 'catalogue' || source.kind === 'list' || source.kind === 'short') return source.service
  return source.kind
}

/** @throws UserError `source_closed`, naming what is taken */
export function assertOpen(source: Source, doors: readonly Door[]): void {
  const door = doorOf(source)
  if (doors.includes(door)) return
  const taken = doors.map((open) => DOORS[open])
  const last = taken.pop()
  const listed = taken.length > 0 ? `${taken.join(', ')} or ${last}` : last
  throw new UserError('source_closed', `${capital(DOORS[door])} is not taken here: give ${listed}.`)
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
