// What keys mean on the page. Pure; who listens asks it of every key.

export type Shortcut =
  | { does: 'play' | 'start' | 'end' | 'help' }
  | { does: 'seek'; seconds: number }
  | { does: 'volume'; change: number }
  | { does: 'mute' | 'solo'; stem: number }

/** Of a KeyboardEvent. */
export type Key = {
  key: string
  code: string
  shiftKey: boolean
  ctrlKey: boolean
  altKey: boolean
  metaKey: boolean
}

const SEEK_SECONDS = 5
const FINE_SEEK_SECONDS = 1
const VOLUME_CHANGE = 0.05

export function shortcutOf({ key, code, shiftKey, ctrlKey, altKey, metaKey }: Key): Shortcut | null {
  if (ctrlKey || altKey || metaKey) return null
  const seconds = shiftKey ? FINE_SEEK_SECONDS : SEEK_SECONDS
  // By its place on the keyboard: with shift, and on some keyboards without, it makes another sign.
  const digit = /^Digit([1-9])$/.exec(code)?.[1]
  if (digit) return { does: shiftKey ? 'solo' : 'mute', stem: Number(digit) - 1 }
  switch (key) {
    case ' ':
      return { does: 'play' }
    case 'ArrowLeft':
      return { does: 'seek', seconds: -seconds }
    case 'ArrowRight':
      return { does: 'seek', seconds }
    case 'Home':
      return { does: 'start' }
    case 'End':
      return { does: 'end' }
    case '+':
    case '=':
      return { does: 'volume', change: VOLUME_CHANGE }
    case '-':
      return { does: 'volume', change: -VOLUME_CHANGE }
    case '?':
      return { does: 'help' }
    default:
      return null
  }
}

const OF_SLIDERS = ['ArrowLeft', 'ArrowRight', 'Home', 'End']

/** What has the focus; `seeks` of the slider that is the song's position, for which the page's keys stand. */
export type Focused = { tag: string; type: string; seeks: boolean }

/** Whether the key is one that what has the focus knows itself. */
export function isTaken(key: string, { tag, type, seeks }: Focused): boolean {
  if (['TEXTAREA', 'SELECT'].includes(tag)) return true
  if (tag === 'INPUT') return type !== 'range' || (!seeks && OF_SLIDERS.includes(key))
  return key === ' ' && ['BUTTON', 'SUMMARY'].includes(tag)
}
