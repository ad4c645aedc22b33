// A card without a word that is not ours, for a platform that has refused the song's own. Pure.
import type { Card } from '../domain/card.ts'
import { ERRORS } from '../errors.ts'

/** Notes of a stage that are our own words. */
const OWN_NOTE = /^(waiting|trying again|attempt|failed)\b/

/** Without title, artist, cover, and what tools and sites said. */
export function plainCard(card: Card): Card {
  return {
    ...card,
    title: '',
    artist: null,
    coverUrl: null,
    lines: card.lines.map((line) => ({
      ...line,
      note: line.note && OWN_NOTE.test(line.note) ? line.note : null,
    })),
    match: null,
    choices: card.choices.map((choice) => ({
      ...choice,
      label: '',
      link: '',
      // A length alone is ours.
      detail: /^[\d:]+/.exec(choice.detail)?.[0] ?? '',
    })),
    songs: card.songs?.map((song) => ({ ...song, title: '', artist: null, error: null })) ?? null,
    // What follows a colon may be somebody else's words.
    notes: card.notes.map((note) => note.split(':')[0] ?? ''),
    error: card.error && { ...card.error, message: ownWords(card.error.code) },
  }
}

/** What an error means, in our own words. */
export function ownWords(code: string): string {
  return ERRORS[code as keyof typeof ERRORS] ?? ERRORS.internal
}
