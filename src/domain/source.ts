// What a song can be named by, each under a key of its own. Pure; parse-song.ts and link.ts read what people write.
import { UserError } from '../errors.ts'
import type { Song } from './song.ts'

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

/** Pages with sound that the downloader reads; the names are those of yt-dlp's extractors. */
export type Site = 'youtube' | 'soundcloud' | 'bandcamp' | 'vimeo' | 'mixcloud' | 'audiomack' | 'dailymotion'
/** Says what a song is, and has no sound to give. */
export type Catalogue = 'apple' | 'deezer' | 'tidal'
/** A page of a site; `song` is what it was found for. */
export type SiteSource = { kind: 'site'; key: string; site: Site; url: string; song: Song | null }
export type ListSource = {
  kind: 'list'
  key: string
  service: 'spotify' | 'apple' | 'deezer' | 'youtube' | 'soundcloud' | 'bandcamp'
  type: 'album' | 'playlist'
  id: string
  url: string
  /** Of the store whose catalogue it is, where there are many. */
  country: string | null
}
export type Source =
  | GivenFile
  /** A direct link to a file. */
  | { kind: 'url'; key: string; url: string }
  | SiteSource
  | { kind: 'spotify'; key: string; trackId: string }
  | { kind: 'catalogue'; key: string; service: Catalogue; id: string; country: string | null }
  | ListSource
  /** A link that leads to another. */
  | { kind: 'short'; key: string; service: 'spotify' | 'soundcloud' | 'deezer'; url: string }
  | { kind: 'search'; key: string; text: string }

/** Whether it has to be found out first what is to be fetched: the stage `resolve` does that. */
export function needsResolving({ kind }: Source): boolean {
  return (
    kind === 'spotify' || kind === 'catalogue' || kind === 'list' || kind === 'short' || kind === 'search'
  )
}

/** Who has to be asked what it is; undefined where nobody has. */
export function serviceOf(source: Source): ListSource['service'] | Catalogue | undefined {
  if (source.kind === 'spotify') return 'spotify'
  return source.kind === 'catalogue' || source.kind === 'list' || source.kind === 'short'
    ? source.service
    : undefined
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

const SERVICE_NAMES = {
  spotify: 'Spotify',
  apple: 'Apple Music',
  deezer: 'Deezer',
  tidal: 'Tidal',
  youtube: 'YouTube',
  soundcloud: 'SoundCloud',
  bandcamp: 'Bandcamp',
  vimeo: 'Vimeo',
  mixcloud: 'Mixcloud',
  audiomack: 'Audiomack',
  dailymotion: 'Dailymotion',
} as const

/** What the song is called until its own name is known. */
export function provisionalTitle(source: Source): string {
  if (source.kind === 'file' || source.kind === 'attachment') return source.name
  if (source.kind === 'search') return source.text
  if (source.kind === 'url') return new URL(source.url).hostname
  if (source.kind === 'site') return source.song?.title ?? `${SERVICE_NAMES[source.site]} link`
  if (source.kind === 'list') return `${SERVICE_NAMES[source.service]} ${source.type}`
  if (source.kind === 'short') return `${SERVICE_NAMES[source.service]} link`
  return `${SERVICE_NAMES[source.kind === 'spotify' ? 'spotify' : source.service]} track`
}
