// What a person typed -> the key of the song it names. Links are taken apart and rebuilt, never passed on.
import { UserError } from '../errors.ts'

/** A file taken in already; `name` is what the person called it. */
export type FileSource = { kind: 'file'; key: string; sha256: string; name: string }
/** A file on a chat platform's own host, fetched by the download stage from one of the platform's `origins` only. */
export type AttachmentSource = {
  kind: 'attachment'
  platform: string
  key: string
  url: string
  name: string
  origins: string[]
  /** Whose bot may fetch it, on a platform that lets not everybody do so. */
  place: Place | null
}
/** A workspace, as the platform's own bot reaches it. */
export type Place = { installation: string | null; workspace: string }
/** A file that came with a command. */
export type GivenFile = FileSource | AttachmentSource
export type Source =
  | GivenFile
  | { kind: 'url'; key: string; url: string }
  | { kind: 'spotify'; key: string; trackId: string }
  | { kind: 'search'; key: string; text: string }

const SPOTIFY_ID = '[0-9A-Za-z]{22}'
const SPOTIFY_URI = new RegExp(`^spotify:track:(${SPOTIFY_ID})$`)
const SPOTIFY_PATH = new RegExp(`^/(?:intl-[a-z]{2}(?:-[a-z]{2})?/)?track/(${SPOTIFY_ID})/?$`, 'i')
/** What else Spotify's addresses name, and what is asked for instead. */
const SPOTIFY_OTHER: Record<string, string> = {
  album: 'That is an album: give the link of one of its tracks.',
  playlist: 'That is a playlist: give the link of one of its tracks.',
  artist: 'That is an artist: give the link of one of their tracks.',
  episode: 'That is a podcast episode, not a song: give the link of a track.',
  show: 'That is a podcast, not a song: give the link of a track.',
}
const LONGEST_LINK = 2048
const LONGEST_SEARCH = 300
/** A link as people copy it from an address bar: host and path, no scheme. */
const BARE_LINK = /^(?:[a-z0-9-]+\.)+[a-z]{2,}\/\S+$/i

/** Whether the text is meant as an address rather than as a path. */
export function looksLikeLink(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^(spotify|file|data|javascript):/i.test(text)
}

/**
 * Parses a link.
 * @throws UserError `not_a_song` or `unsupported_link`
 */
export function parseLink(text: string): Source {
  const link = text.trim()
  const uri = SPOTIFY_URI.exec(link)
  if (uri?.[1]) return spotifyTrack(uri[1])
  const otherUri = /^spotify:([a-z]+)[:$]/i.exec(link)
  if (otherUri?.[1]) throw unsupportedSpotify(otherUri[1])

  if (link.length > LONGEST_LINK || !URL.canParse(link)) throw new UserError('not_a_song')
  const url = new URL(link)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new UserError(
      'not_a_song',
      'Only http and https links are taken: give a web link, or the path of a file.',
    )
  }
  if (url.username || url.password) {
    throw new UserError('not_a_song', 'A link with a name or password in it is not taken: give a plain link.')
  }
  const host = url.hostname.toLowerCase()
  if (host === 'open.spotify.com' || host === 'play.spotify.com') {
    const track = SPOTIFY_PATH.exec(url.pathname)
    if (track?.[1]) return spotifyTrack(track[1])
    throw unsupportedSpotify(url.pathname.split('/').find((part) => part in SPOTIFY_OTHER) ?? '')
  }
  if (host === 'spotify.link' || host === 'spotify.app.link') {
    throw new UserError(
      'unsupported_link',
      "Open that short link and give the track's own open.spotify.com address.",
    )
  }
  url.hash = ''
  return { kind: 'url', key: `url:${url.href}`, url: url.href }
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

/** A link, or words to search by. @throws UserError */
export function parseSong(text: string): Source {
  const song = text.trim()
  if (looksLikeLink(song)) return parseLink(song)
  return BARE_LINK.test(song) ? parseLink(`https://${song}`) : searchSource(song)
}

/** A file attached on `platform`, under the platform's own id for it. @throws UserError `unsafe_attachment` */
export function attachmentSource(
  platform: string,
  { id, url, name }: { id: string; url: string; name: string },
  origins: string[],
  place: Place | null,
): AttachmentSource {
  if (!URL.canParse(url) || !origins.includes(new URL(url).origin)) throw new UserError('unsafe_attachment')
  return { kind: 'attachment', platform, key: `attachment:${platform}:${id}`, url, name, origins, place }
}

export function fileSource(sha256: string, name: string): FileSource {
  return { kind: 'file', key: `file:${sha256}`, sha256, name }
}

/** What the song is called until its own tags are known. */
export function provisionalTitle(source: Source): string {
  if (source.kind === 'file' || source.kind === 'attachment') return source.name
  if (source.kind === 'search') return source.text
  if (source.kind === 'spotify') return 'Spotify track'
  return new URL(source.url).hostname
}

function spotifyTrack(trackId: string): Source {
  return { kind: 'spotify', key: `spotify:track:${trackId}`, trackId }
}

function unsupportedSpotify(what: string): UserError {
  return new UserError(
    'unsupported_link',
    SPOTIFY_OTHER[what.toLowerCase()] ?? 'That Spotify link does not name a track: give the link of a track.',
  )
}
