// File and folder names that every system takes, made of titles that anybody may have written. Pure.

/** Windows' reserved device names; also with an extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
const LONGEST = 120
/** File systems take 255 bytes a name; what is written beside a file adds to its own. */
const LONGEST_BYTES = 200

/** A name for a file or folder; never empty, hidden, an option, or a path. */
export function safeName(text: string): string {
  const name = text
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, ' ')
    .replace(/[\\/:*?"<>|]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.-]+/, '')
  const cut = within(name, LONGEST, LONGEST_BYTES).replace(/[\s.]+$/, '')
  if (cut === '') return 'untitled'
  return RESERVED.test(cut) ? `_${cut}` : cut
}

function within(text: string, characters: number, bytes: number): string {
  let left = bytes
  let fitting = ''
  for (const character of [...text].slice(0, characters)) {
    left -= Buffer.byteLength(character)
    if (left < 0) break
    fitting += character
  }
  return fitting
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
  return `${labelled(song, stem)}.${format}`
}

/** `Artist - Title (stems).zip` */
export function zipFileName(song: { artist: string | null; title: string }): string {
  return `${labelled(song, 'stems')}.zip`
}

/** However long the song's name is, the label is whole, so that no two stems have one name. */
function labelled(song: { artist: string | null; title: string }, label: string): string {
  const end = ` (${label})`
  const bytes = LONGEST_BYTES - Buffer.byteLength(end)
  const start = within(safeName(songName(song)), LONGEST - [...end].length, bytes)
  return safeName(`${start.trimEnd()}${end}`)
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
