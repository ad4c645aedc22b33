// The recordings of a song that can be fetched, and what else a source may turn out to stand for. Pure; python/stemtools/resolve.py is the other side.
import { z } from 'zod'
import { parseLink } from './link.ts'
import { songName } from './names.ts'
import { type Song, songSchema } from './song.ts'
import type { Source } from './source.ts'

/** Where a song's sound can be fetched; `reason` is what speaks against it being that song. */
export const recordingSchema = z.object({
  link: z.string().max(2048).startsWith('https://'),
  title: z.string().max(1000),
  channel: z.string().max(1000).nullable(),
  durationSeconds: z.number().nonnegative().nullable(),
  confidence: z.number().min(0).max(1),
  reason: z.string().max(300).nullable(),
})
export type Recording = z.infer<typeof recordingSchema>

/** The recording that stands for what somebody asked for; `confidence` is null where they chose it. */
export type Match = Pick<Recording, 'link' | 'title' | 'channel'> & { confidence: number | null }

export const resolvedSchema = z.discriminatedUnion('found', [
  z.object({ found: z.literal('link'), link: z.string().max(2048) }),
  z.object({
    found: z.literal('recording'),
    song: songSchema.nullable(),
    recording: recordingSchema,
    others: z.array(recordingSchema).max(9),
  }),
  z.object({
    found: z.literal('choices'),
    song: songSchema.nullable(),
    choices: z.array(recordingSchema).min(1).max(10),
  }),
  z.object({
    found: z.literal('list'),
    title: z.string().max(1000),
    owner: z.string().max(1000).nullable(),
    total: z.number().int().nonnegative(),
    songs: z.array(
      z.object({
        link: z.string().max(2048).nullable(),
        title: z.string().max(1000),
        artist: z.string().max(1000).nullable(),
        durationSeconds: z.number().nonnegative().nullable(),
        unavailable: z.string().max(300).nullable(),
      }),
    ),
  }),
])
/** What a source that is no recording itself turned out to be. */
export type Resolved = z.infer<typeof resolvedSchema>

/** `Channel - Title`, or the title alone where it names the channel. */
export function recordingName({ title, channel }: Pick<Recording, 'title' | 'channel'>): string {
  const named = channel !== null && title.toLowerCase().includes(channel.toLowerCase())
  return songName({ title, artist: named ? null : channel })
}

/** By this a choice is told; short enough for every platform. @throws UserError where the link leads nowhere we know */
export function recordingKey({ link }: Pick<Recording, 'link'>): string {
  return parseLink(link).key
}

/** The source of a recording that was found for a song. @throws UserError */
export function recordingSource({ link }: Pick<Recording, 'link'>, song: Song | null): Source {
  const source = parseLink(link)
  return source.kind === 'site' ? { ...source, song } : source
}
