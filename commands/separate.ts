// separate: a song in, its stems out. Saves the request and its first job in one transaction.
import { z } from 'zod'
import { parseSong } from '../src/domain/source.ts'
import { UserError } from '../src/errors.ts'
import { claim } from '../src/queue/claim.ts'
import type { Command, RequestReply } from './command.ts'

export const STEMS = ['vocals', 'drums', 'bass', 'other', 'guitar', 'piano'] as const
export const FORMATS = ['mp3', 'flac', 'wav'] as const

const stemList = z
  .string()
  .max(100)
  .transform((text) =>
    text
      .split(',')
      .map((stem) => stem.trim().toLowerCase())
      .filter(Boolean),
  )

export const separateOptions = z.object({
  song: z.string().trim().max(2048).optional().describe('A link to the song, or its artist and title'),
  stems: stemList
    .pipe(z.array(z.enum(STEMS)))
    .optional()
    .describe(`Which stems, separated by commas: ${STEMS.join(', ')} (all)`),
  model: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
    .optional()
    .describe('Which model (auto)'),
  format: z
    .enum(FORMATS)
    .default('mp3')
    .describe(`${FORMATS.join(', ')} (mp3)`),
})

export const separate: Command<typeof separateOptions, RequestReply> = {
  name: 'separate',
  description: 'Splits a song into its stems: vocals, drums, bass and other',
  options: separateOptions,
  file: 'An audio file, in place of a link',
  onMessage: 'Separate this file',
  access: 'everyone',
  examples: ['https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC', 'Rick Astley Never Gonna Give You Up'],
  suggest: {},
  async run({ interaction, options, file, message, resumes }, deps) {
    if (file && options.song)
      throw new UserError('not_a_song', 'Give either a song or a file, not both: two songs are two commands.')
    if (!file && !options.song) throw new UserError('not_a_song')
    const source = file ?? parseSong(options.song ?? '')
    const asked = {
      model: options.model ?? deps.defaultModel,
      stems: [...new Set(options.stems ?? [])].sort(),
      format: options.format,
    }
    const wish = { interaction, source, asked, separate: true, resumes, message }
    return { kind: 'request', ...(await claim(deps, { ...wish, maxOpenRequests: deps.maxOpenRequests })) }
  },
}
