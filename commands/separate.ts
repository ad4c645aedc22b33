// separate: a song in, its stems out. Saves the request and its first job in one transaction.
import { z } from 'zod'
import { parseLink } from '../src/domain/source.ts'
import { UserError } from '../src/errors.ts'
import { type Claimed, claim } from '../src/queue/claim.ts'
import type { Command } from './command.ts'

export const STEMS = ['vocals', 'drums', 'bass', 'other', 'guitar', 'piano'] as const
export const FORMATS = ['mp3', 'flac', 'wav'] as const

const stemList = z.string().transform((text) =>
  text
    .split(',')
    .map((stem) => stem.trim().toLowerCase())
    .filter(Boolean),
)

export const separateOptions = z.object({
  song: z.string().trim().max(2048).optional().describe('a link to the song'),
  stems: stemList
    .pipe(z.array(z.enum(STEMS)))
    .optional()
    .describe(`which stems, separated by commas: ${STEMS.join(', ')} (all)`),
  model: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
    .optional()
    .describe('which model (auto)'),
  format: z
    .enum(FORMATS)
    .default('mp3')
    .describe(`${FORMATS.join(', ')} (mp3)`),
})

export const separate: Command<typeof separateOptions, Claimed> = {
  name: 'separate',
  description: 'Splits a song into its stems: vocals, drums, bass and other.',
  options: separateOptions,
  async run({ interaction, options, file, resumes }, deps) {
    if (!file && !options.song) throw new UserError('not_a_song')
    const source = file ?? parseLink(options.song ?? '')
    const asked = {
      model: options.model ?? deps.defaultModel,
      stems: [...new Set(options.stems ?? [])].sort(),
      format: options.format,
    }
    return claim(deps, { interaction, source, asked, separate: true, resumes })
  },
}
