// What is known of the song, above its stems.
import type { Song } from '../../web/results/wire.ts'
import { copyOf, find } from '../find.ts'
import { clock } from '../units.ts'

export function showHead(song: Song): void {
  const head = find(document, '#head', HTMLElement)
  document.title = `${song.artist ? `${song.artist} – ` : ''}${song.title}: stems`
  find(head, 'h1', HTMLElement).textContent = song.title
  const artist = find(head, '#artist', HTMLElement)
  artist.textContent = [song.artist, song.album].filter(Boolean).join(' · ')
  artist.hidden = artist.textContent === ''
  showCover(find(head, '#cover', HTMLImageElement), song.cover)

  const facts = find(head, '#facts', HTMLElement)
  const add = (name: string, value: string, besides?: string) => {
    const fact = copyOf('fact')
    find(fact, 'dt', HTMLElement).textContent = name
    find(fact, '.value', HTMLElement).textContent = value
    find(fact, '.besides', HTMLElement).textContent = besides ?? ''
    facts.append(fact)
  }
  if (song.bpm !== null)
    add('BPM', tempo(song.bpm), either(song.bpmAlternative && tempo(song.bpmAlternative)))
  if (song.key) add('Key', song.key, either(song.keyAlternative))
  add('Length', clock(Math.round(song.durationSeconds)))
  if (song.loudnessLufs !== null) add('Loudness', `${minus(song.loudnessLufs.toFixed(1))}`, 'LUFS')

  const expires = find(head, '#expires', HTMLTimeElement)
  expires.dateTime = song.expires
  expires.textContent = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(song.expires))
  find(head, '#number', HTMLElement).textContent = `#${song.number}`
  find(head, '#model', HTMLElement).textContent = song.model
  find(head, '#separated', HTMLElement).hidden = song.stems.length === 0

  const notes = find(head, '#notes', HTMLElement)
  for (const note of song.notes) {
    const line = document.createElement('li')
    line.textContent = note
    notes.append(line)
  }
  notes.hidden = song.notes.length === 0
}

function showCover(picture: HTMLImageElement, address: string | null): void {
  if (!address) return
  picture.addEventListener('load', () => {
    picture.hidden = false
  })
  picture.src = address
}

function tempo(bpm: number): string {
  return String(Math.round(bpm))
}

function minus(figure: string): string {
  return figure.replace('-', '−')
}

function either(alternative: string | null | 0): string | undefined {
  return alternative ? `or ${alternative}` : undefined
}
