// The song that a command is about: the option that names it, what completes it, and the claim of separate and analyze.
import { z } from 'zod'
import { assertOpen } from '../src/domain/doors.ts'
import { songName } from '../src/domain/names.ts'
import { parseSong } from '../src/domain/parse-song.ts'
import { provisionalTitle, type Source } from '../src/domain/source.ts'
import { UserError } from '../src/errors.ts'
import { claim } from '../src/queue/claim.ts'
import { type Asked, songsAskedHere } from '../src/store/requests.ts'
import type { Asker, CommandDeps, Invocation, RequestReply, Suggestion } from './command.ts'
import { fitting, LONGEST_SUGGESTION, MOST_SUGGESTIONS, typed } from './suggestions.ts'

export const songOption = z
  .string()
  .trim()
  .max(2048)
  .optional()
  .describe('A link to the song, or its artist and title')
export const FILE_HELP = 'An audio file, in place of a link'
export const SONG_EXAMPLES = [
  { song: 'https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC' },
  { song: 'Rick Astley Never Gonna Give You Up' },
]

/** Saves the request for a song or a file, and its first job, in one transaction. */
export async function claimSong(
  { interaction, options, file, message, resumes, anew = false }: Invocation<{ song?: string | undefined }>,
  deps: CommandDeps,
  { asked, separate }: { asked: Asked; separate: boolean },
): Promise<RequestReply> {
  if (file && options.song)
    throw new UserError('not_a_song', 'Give either a song or a file, not both: two songs are two commands.')
  if (!file && !options.song)
    throw new UserError('not_a_song', 'Give a link to a song, its artist and title, or a file.')
  const source = file ?? parseSong(options.song ?? '')
  assertOpen(source, deps.doors)
  const { maxOpenRequests } = deps
  const wish = { interaction, source, asked, separate, resumes, anew, message, maxOpenRequests }
  return { kind: 'request', ...(await claim(deps, wish)) }
}

/** The songs that were asked for in the same place; a file cannot be named by words. */
export async function suggestSongs(text: string, asker: Asker, { db }: CommandDeps): Promise<Suggestion[]> {
  const limits = { longest: LONGEST_SUGGESTION, limit: MOST_SUGGESTIONS }
  const songs = await songsAskedHere(db, asker, typed(text), limits)
  return fitting(
    songs
      .filter(({ words, source }) => leadsTo(words, source))
      .map((song) => {
        const known = song.artist !== null || song.title !== provisionalTitle(song.source)
        return { label: known ? songName(song) : song.words, value: song.words }
      }),
  )
}

function leadsTo(words: string, source: Source): boolean {
  try {
    return parseSong(words).key === source.key
  } catch {
    return false
  }
}
