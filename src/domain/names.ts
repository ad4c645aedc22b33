// File and folder names that every system takes, made of titles that anybody may have written. Pure.

/** Windows' reserved device names; also with an extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
const LONGEST = 120

/** A name for a file or folder; never empty, hidden, an option, or a path. */
export function safeName(text: string): string {
  const name = text
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, ' ')
    .replace(/[\\/:*?"<>|]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.-]+/, '')
  const cut = [...name]
    .slice(0, LONGEST)
    .join('')
    .replace(/[\s.]+$/, '')
  if (cut === '') return 'untitled'
  return RESERVED.test(cut) ? `_${cut}` : cut
}

export function songName(song: { artist: string | null; title: string }): string {
  return song.artist ? `${song.artist} - ${song.title}` : song.title
}

/** `Artist - Title (vocals).mp3` */
export function stemFileName(
  song: { artist: string | null; title: string },
  stem: string,
  format: string,
): string {
  return `${safeName(`${safeName(songName(song))} (${stem})`)}.${format}`
}

const LONGEST_ATTACHMENT = 80

/** `Artist-Title-vocals.mp3`: only letters, digits, `.`, `_` and `-`, which every chat platform leaves as they are. */
export function attachmentName(
  song: { artist: string | null; title: string },
  what: string,
  extension: string,
  fallback: string,
): string {
  const ascii = songName(song)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, LONGEST_ATTACHMENT)
    .replace(/^-+|-+$/g, '')
  return `${ascii || fallback}-${what}.${extension}`
}
