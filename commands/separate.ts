// separate: a song in, its stems out. Saves the request and its first job in one transaction.
import { z } from 'zod'
import type { Command, RequestReply } from './command.ts'
import { suggestModels } from './models.ts'
import { claimSong, FILE_HELP, SONG_EXAMPLES, songOption, suggestSongs } from './song.ts'
import { stemsOption, suggestStems } from './stems.ts'

const FORMATS = ['mp3', 'flac', 'wav'] as const

export const separateOptions = z.object({
  song: songOption,
  stems: stemsOption,
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
  file: FILE_HELP,
  onMessage: 'Separate this file',
  access: 'everyone',
  once: false,
  examples: SONG_EXAMPLES,
  suggest: { song: suggestSongs, stems: async (text) => suggestStems(text), model: suggestModels },
  async run(invocation, deps) {
    const { model, stems, format } = invocation.options
    const asked = {
      model: model ?? deps.defaultModel,
      stems: [...new Set(stems ?? [])].sort(),
      format,
    }
    return claimSong(invocation, deps, { asked, separate: true })
  },
}
