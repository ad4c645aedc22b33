// analyze: a song in, its tempo, key and loudness out, without splitting it.
import { z } from 'zod'
import type { Command, RequestReply } from './command.ts'
import { claimSong, FILE_HELP, SONG_EXAMPLES, songOption, suggestSongs } from './song.ts'

const analyzeOptions = z.object({ song: songOption })

export const analyze: Command<typeof analyzeOptions, RequestReply> = {
  name: 'analyze',
  description: 'Finds the tempo, key and loudness of a song',
  options: analyzeOptions,
  file: FILE_HELP,
  onMessage: 'Analyze this file',
  access: 'everyone',
  once: false,
  examples: SONG_EXAMPLES,
  suggest: { song: suggestSongs },
  async run(invocation, deps) {
    const asked = { model: deps.defaultModel, stems: [], format: 'mp3' as const }
    return claimSong(invocation, deps, { asked, separate: false })
  },
}
