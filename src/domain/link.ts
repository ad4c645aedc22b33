// A link, as people copy it -> what it names. Each service's addresses are taken apart into their ids, and built anew from these. Pure.
import { UserError } from '../errors.ts'
import type { ListSource, Site, Source } from './source.ts'

/** Takes an address of its hosts apart. @returns words for what it names instead of a song; undefined where it says nothing */
type Service = { hosts: readonly string[]; read(url: URL): Source | string | undefined }

const LONGEST_LINK = 2048
const SPOTIFY_ID = /^[0-9A-Za-z]{22}$/
const VIDEO_ID = /^[0-9A-Za-z_-]{11}$/
const NUMBER = /^\d{1,18}$/
/** One part of a path that a person chose, such as a name. */
const SLUG = /^[\w.~%-]{1,200}$/
const COUNTRY = /^[a-z]{2}$/i

const PROFILE = 'an artist or a profile: give the link of one song'
const EPISODE = 'a podcast, not a song: give the link of a song'

/** Whether the text is meant as an address rather than as a path. */
export function looksLikeLink(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^(spotify|file|data|javascript):\S/i.test(text)
}

/**
 * Parses a link.
 * @throws UserError `not_a_song` or `unsupported_link`
 */
export function parseLink(text: string): Source {
  const link = text.trim()
  if (/^spotify:/i.test(link)) return namedBy(readSpotify(withoutUser(link.split(':').slice(1))), 'Spotify')
  if (link.length > LONGEST_LINK || !URL.canParse(link)) throw new UserError('not_a_song')
  const url = new URL(link)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new UserError(
      'not_a_song',
      'Only http and https links are taken: give a web link, or the path of a file.',
    )
  if (url.username || url.password)
    throw new UserError('not_a_song', 'A link with a name or password in it is not taken: give a plain link.')
  const host = hostOf(url)
  const found = Object.entries(SERVICES).find(([, { hosts }]) => hosts.some((one) => isOf(host, one)))
  // At another port is another server.
  if (found && url.port === '') return namedBy(found[1].read(url), found[0])
  url.hash = ''
  // Letters that an address cannot have become longer.
  if (url.href.length > LONGEST_LINK) throw new UserError('not_a_song')
  return { kind: 'url', key: `url:${url.href}`, url: url.href }
}

/** `*.bandcamp.com` stands for every name below it. */
function isOf(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

function namedBy(read: Source | string | undefined, service: string): Source {
  if (typeof read === 'object') return read
  const what = read ?? `not the link of one song: give the link of a song on ${service}`
  throw new UserError('unsupported_link', `That is ${what}.`)
}

/** Without the dot that a full name may end in. */
function hostOf(url: URL): string {
  return url.hostname.toLowerCase().replace(/\.$/, '')
}

function partsOf(url: URL): string[] {
  return url.pathname.split('/').filter((part) => part !== '')
}

/** `user:<name>:playlist:<id>`, as lists were named once. */
function withoutUser(parts: string[]): string[] {
  return parts[0]?.toLowerCase() === 'user' && parts.length > 2 ? parts.slice(2) : parts
}

function readSpotify([type = '', id = '']: string[]): Source | string | undefined {
  const what = type.toLowerCase()
  if (what === 'episode' || what === 'show') return EPISODE
  if (what === 'artist' || what === 'user') return PROFILE
  if (what === 'local') return 'a file on somebody’s own computer: send the file itself'
  if (!SPOTIFY_ID.test(id)) return undefined
  if (what === 'track') return { kind: 'spotify', key: `spotify:track:${id}`, trackId: id }
  if (what !== 'album' && what !== 'playlist') return undefined
  return listOf('spotify', what, id, `https://open.spotify.com/${what}/${id}`)
}

function listOf(
  service: ListSource['service'],
  type: ListSource['type'],
  id: string,
  url: string,
  country: string | null = null,
): ListSource {
  return { kind: 'list', key: `${service}:${type}:${id}`, service, type, id, url, country }
}

function siteOf(site: Site, id: string, url: string): Source {
  return { kind: 'site', key: `${site}:${id}`, site, url, song: null }
}

function shortOf(service: 'spotify' | 'soundcloud' | 'deezer', url: URL): Source | undefined {
  const path = partsOf(url).join('/')
  if (!/^[\w/.~-]{1,200}$/.test(path)) return undefined
  const address = `https://${hostOf(url)}/${path}`
  return { kind: 'short', key: `short:${address}`, service, url: address }
}

function video(id: string | null | undefined): Source | undefined {
  if (!id || !VIDEO_ID.test(id)) return undefined
  return siteOf('youtube', id, `https://www.youtube.com/watch?v=${id}`)
}

const SERVICES: Record<string, Service> = {
  Spotify: {
    hosts: ['open.spotify.com', 'play.spotify.com'],
    read(url) {
      const parts = partsOf(url)
      if (parts[0] === 's') return shortOf('spotify', url)
      while (parts[0] && /^(intl-[a-z-]+|embed)$/i.test(parts[0])) parts.shift()
      return readSpotify(withoutUser(parts))
    },
  },
  'Spotify’s short links': {
    hosts: ['spotify.link', 'spotify.app.link'],
    read: (url) => shortOf('spotify', url),
  },
  YouTube: {
    hosts: [
      'youtube.com',
      'www.youtube.com',
      'm.youtube.com',
      'music.youtube.com',
      'www.youtube-nocookie.com',
    ],
    read(url) {
      const [kind = '', id] = partsOf(url)
      const list = url.searchParams.get('list')
      if (kind === 'watch') return video(url.searchParams.get('v'))
      if (['shorts', 'live', 'embed', 'v'].includes(kind)) return video(id)
      if (kind === 'playlist' && list && /^(PL|OLAK5uy_|RDCLAK5uy_|UU|FL)[\w-]{10,60}$/.test(list))
        return listOf('youtube', 'playlist', list, `https://www.youtube.com/playlist?list=${list}`)
      if (kind === 'playlist') return 'a list that is made for one person alone: give the link of one video'
      return kind.startsWith('@') || kind === 'channel' || kind === 'c' ? PROFILE : undefined
    },
  },
  'YouTube’s short links': { hosts: ['youtu.be'], read: (url) => video(partsOf(url)[0]) },
  SoundCloud: {
    hosts: ['soundcloud.com', 'www.soundcloud.com', 'm.soundcloud.com'],
    read(url) {
      const [user = '', name, ...rest] = partsOf(url).map((part) => part.toLowerCase())
      if (!SLUG.test(user) || /^(discover|search|you|stream|upload|charts|pages|tags)$/.test(user))
        return undefined
      if (!name || /^(tracks|albums|sets|reposts|likes|popular-tracks|followers|following)$/.test(name)) {
        const [set = ''] = rest
        if (name !== 'sets' || !SLUG.test(set)) return PROFILE
        return listOf(
          'soundcloud',
          'playlist',
          `${user}/${set}`,
          `https://soundcloud.com/${user}/sets/${set}`,
        )
      }
      if (!SLUG.test(name)) return undefined
      // The secret of a track that is not public.
      const token = partsOf(url)[2] ?? url.searchParams.get('secret_token') ?? ''
      const secret = /^s-[a-z0-9]+$/i.test(token) ? `/${token}` : ''
      return siteOf(
        'soundcloud',
        `${user}/${name}${secret}`,
        `https://soundcloud.com/${user}/${name}${secret}`,
      )
    },
  },
  'SoundCloud’s short links': { hosts: ['on.soundcloud.com'], read: (url) => shortOf('soundcloud', url) },
  Bandcamp: {
    hosts: ['*.bandcamp.com'],
    read(url) {
      const artist = hostOf(url).slice(0, -'.bandcamp.com'.length)
      const [kind = '', name = ''] = partsOf(url).map((part) => part.toLowerCase())
      if (!/^[a-z0-9-]{1,63}$/.test(artist) || !SLUG.test(name)) return artist === 'www' ? undefined : PROFILE
      const address = `https://${artist}.bandcamp.com/${kind}/${name}`
      if (kind === 'track') return siteOf('bandcamp', `${artist}/${name}`, address)
      return kind === 'album' ? listOf('bandcamp', 'album', `${artist}/${name}`, address) : PROFILE
    },
  },
  'Apple Music': {
    hosts: ['music.apple.com', 'geo.music.apple.com', 'itunes.apple.com', 'embed.music.apple.com'],
    read(url) {
      const parts = partsOf(url)
      const country = COUNTRY.test(parts[0] ?? '') ? (parts.shift() ?? 'us').toLowerCase() : 'us'
      const [kind] = parts
      const id = (parts.at(-1) ?? '').replace(/^id/, '')
      const inAlbum = url.searchParams.get('i')
      if (kind === 'artist') return PROFILE
      if (kind === 'playlist')
        return 'a playlist of Apple Music, which only its members may read: give an album or a song'
      const song = kind === 'song' ? id : kind === 'album' ? inAlbum : null
      if (song !== null && !NUMBER.test(song)) return undefined
      if (song !== null)
        return { kind: 'catalogue', key: `apple:track:${song}`, service: 'apple', id: song, country }
      if (kind !== 'album' || !NUMBER.test(id)) return undefined
      return listOf('apple', 'album', id, `https://music.apple.com/${country}/album/${id}`, country)
    },
  },
  Deezer: {
    hosts: ['deezer.com', 'www.deezer.com'],
    read(url) {
      const parts = partsOf(url)
      if (COUNTRY.test(parts[0] ?? '')) parts.shift()
      const [kind = '', id = ''] = parts
      if (kind === 'artist' || kind === 'profile') return PROFILE
      if (kind === 'episode' || kind === 'show') return EPISODE
      if (!NUMBER.test(id)) return undefined
      if (kind === 'track')
        return { kind: 'catalogue', key: `deezer:track:${id}`, service: 'deezer', id, country: null }
      if (kind !== 'album' && kind !== 'playlist') return undefined
      return listOf('deezer', kind, id, `https://www.deezer.com/${kind}/${id}`)
    },
  },
  'Deezer’s short links': {
    hosts: ['link.deezer.com', 'deezer.page.link', 'dzr.page.link'],
    read: (url) => shortOf('deezer', url),
  },
  Tidal: {
    hosts: ['tidal.com', 'www.tidal.com', 'listen.tidal.com'],
    read(url) {
      const parts = partsOf(url)
      if (parts[0] === 'browse') parts.shift()
      const [kind] = parts
      const at = parts.indexOf('track')
      const id = parts[at + 1] ?? ''
      if (at >= 0 && NUMBER.test(id))
        return { kind: 'catalogue', key: `tidal:track:${id}`, service: 'tidal', id, country: null }
      if (kind === 'artist') return PROFILE
      return kind === 'album' || kind === 'playlist' || kind === 'mix'
        ? `${kind === 'album' ? 'an album' : 'a playlist'} of Tidal: give the link of one song`
        : undefined
    },
  },
  Vimeo: {
    hosts: ['vimeo.com', 'www.vimeo.com', 'player.vimeo.com'],
    read(url) {
      const [id = ''] = partsOf(url).filter((part) => part !== 'video')
      return NUMBER.test(id) ? siteOf('vimeo', id, `https://vimeo.com/${id}`) : undefined
    },
  },
  Mixcloud: {
    hosts: ['mixcloud.com', 'www.mixcloud.com'],
    read(url) {
      const [user = '', name = ''] = partsOf(url)
      if (!SLUG.test(user) || !SLUG.test(name)) return PROFILE
      return siteOf('mixcloud', `${user}/${name}`, `https://www.mixcloud.com/${user}/${name}/`)
    },
  },
  Audiomack: {
    hosts: ['audiomack.com', 'www.audiomack.com'],
    read(url) {
      const [artist = '', kind, name = ''] = partsOf(url)
      if (kind !== 'song' || !SLUG.test(artist) || !SLUG.test(name)) return PROFILE
      return siteOf('audiomack', `${artist}/${name}`, `https://audiomack.com/${artist}/song/${name}`)
    },
  },
  Dailymotion: {
    hosts: ['dailymotion.com', 'www.dailymotion.com'],
    read(url) {
      const [kind, id = ''] = partsOf(url)
      if (kind !== 'video' || !/^[a-z0-9]{5,20}$/i.test(id)) return undefined
      return siteOf('dailymotion', id, `https://www.dailymotion.com/video/${id}`)
    },
  },
}
