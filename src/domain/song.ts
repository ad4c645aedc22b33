// What a catalogue says of a song. Pure; python/stemtools/finding/catalogue_song.py is the other side.
import { z } from 'zod'

/** What Spotify or another catalogue says of a song. */
export const songSchema = z.object({
  title: z.string().min(1).max(1000),
  artist: z.string().max(1000).nullable(),
  artists: z.array(z.string().max(1000)).max(100),
  album: z.string().max(1000).nullable(),
  isrc: z.string().max(32).nullable(),
  durationSeconds: z.number().nonnegative().nullable(),
  coverUrl: z.string().max(2048).startsWith('https://').nullable(),
  link: z.string().max(2048).startsWith('https://').nullable(),
  explicit: z.boolean().nullable(),
  year: z.number().int().nullable(),
})
export type Song = z.infer<typeof songSchema>
