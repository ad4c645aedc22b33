// The songs of a list, a line each: how it stands, and why there are no stems of it. A long list is folded to what matters just now.
import { element, icon, setAttribute, setText } from '../element.ts'
import { keyedList, type View } from '../keyed-list.ts'
import { foldedSongs, type PlacedSong, type Song } from './songs.ts'

const MOST_FOLDED = 12

const STANDING: Record<Song['state'], string> = {
  working: 'waiting',
  ready: 'delivering',
  delivered: 'delivered',
  failed: 'failed',
  cancelled: 'cancelled',
}
const SIGNS: Partial<Record<Song['state'], string>> = {
  delivered: 'check',
  failed: 'alert',
  cancelled: 'close',
}

export type SongContext = {
  /** Leads to a request's message. */
  goTo(number: number): void
  /** More is shown, to be read: the page stays where it is. */
  stay(): void
}

export function songList({ goTo, stay }: SongContext): View<readonly Song[]> {
  const list = element('ol', { class: 'songs', role: 'list', 'aria-label': 'Songs' })
  const fold = element('button', { type: 'button', class: 'quiet fold' })
  const whole = element('div', {}, list, fold)
  const rows = keyedList(
    list,
    ({ place }: PlacedSong) => String(place),
    (placed) => songRow(placed, goTo),
  )
  let songs: readonly Song[] = []
  let isFolded = true

  function show() {
    rows.update(foldedSongs(songs, isFolded ? MOST_FOLDED : songs.length))
    fold.hidden = songs.length <= MOST_FOLDED
    setAttribute(fold, 'aria-expanded', String(!isFolded))
    setText(fold, isFolded ? `Show all ${songs.length} songs` : 'Show fewer')
  }
  fold.addEventListener('click', () => {
    isFolded = !isFolded
    if (!isFolded) stay()
    show()
  })
  return {
    element: whole,
    update(next) {
      songs = next
      whole.hidden = songs.length === 0
      show()
    },
  }
}

function songRow(first: PlacedSong, goTo: (number: number) => void): View<PlacedSong> {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' })
  const name = element('span', { class: 'name' })
  const title = element('bdi')
  const artist = element('span', { class: 'artist' })
  const number = element('span', { class: 'number figures' })
  const standing = element('span', { class: 'standing figures' })
  const error = element('span', { class: 'error' })
  const leads = element('button', { type: 'button', class: 'request' })
  const row = element('li', { class: 'song-row' }, sign, name, standing, number, error)
  let shown: Song | undefined
  leads.addEventListener('click', () => {
    if (shown?.number) goTo(shown.number)
  })

  function update({ song, place }: PlacedSong) {
    const before = shown
    shown = song
    const percent = song.state === 'working' && song.fraction > 0 ? Math.floor(song.fraction * 100) : null
    setAttribute(row, 'data-state', percent === null ? song.state : 'under-way')
    row.style.setProperty('--done', String((percent ?? 0) / 100))
    setText(standing, percent === null ? STANDING[song.state] : `${percent}%`)
    setText(number, song.number === null ? '' : `#${song.number}`)
    setText(error, song.error ?? '')
    setText(title, song.title || `Song ${place + 1}`)
    setText(artist, song.artist === null ? '' : ` · ${song.artist}`)
    if (before?.state === song.state) return
    const drawing = SIGNS[song.state]
    sign.replaceChildren(drawing ? icon(drawing) : String(place + 1))
    // Its stems are in a message of their own.
    if (song.state === 'delivered') leads.append(title)
    name.replaceChildren(song.state === 'delivered' ? leads : title, artist)
  }
  update(first)
  return { element: row, update }
}
