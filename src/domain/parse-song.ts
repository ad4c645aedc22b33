// What a person wrote -> the source that it names: a link, which link.ts takes apart and builds anew, or words to search by. Pure.
import { UserError } from '../errors.ts'
import { looksLikeLink, parseLink } from './link.ts'
import type { Source } from './source.ts'

const LONGEST_SEARCH = 300
/** A link as people copy it from an address bar: host and path, no scheme. */
const BARE_LINK = /^(?:[a-z0-9-]+\.)+[a-z]{2,}\/\S+$/i

/** A link, or words to search by. @throws UserError */
export function parseSong(text: string): Source {
  const song = text.trim()
  if (looksLikeLink(song)) return parseLink(song)
  return BARE_LINK.test(song) ? parseLink(`https://${song}`) : searchSource(song)
}

/** Words to search by; the same words in other spacing and case are the same search. @throws UserError `not_a_song` */
export function searchSource(words: string): Source {
  const text = words
    .normalize('NFC')
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  if (!/[\p{L}\p{N}]/u.test(text) || text.length > LONGEST_SEARCH)
    throw new UserError('not_a_song', 'Give a link, or the artist and the title of a song.')
  return { kind: 'search', key: `search:${text.toLowerCase()}`, text }
}
