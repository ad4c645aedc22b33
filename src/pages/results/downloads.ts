// What can be taken away: all that was asked for, and what is heard now, rendered here.
import type { Song } from '../../web/results/wire.ts'
import { find } from '../find.ts'
import { sizeInWords } from '../units.ts'
import { FetchFailure } from './fetch-bytes.ts'
import { isWhole, type Levels } from './mixer.ts'
import type { PieceSource } from './piece-source.ts'
import { renderMix } from './render-mix.ts'
import { listed, mixFileName, percent } from './words.ts'

/** What a browser needs to have taken a file over. */
const REVOKE_MS = 60_000

export function showZip({ zip, stems }: Song): void {
  const card = find(document, '#zip', HTMLElement)
  if (!zip) return
  const asked = stems.filter(({ download }) => download).map(({ stem }) => stem)
  const link = find(card, 'a', HTMLAnchorElement)
  link.href = zip.address
  link.download = zip.name
  find(card, '.about', HTMLElement).textContent =
    `${capital(listed(asked))} in one zip, ${sizeInWords(zip.bytes)}.`
  card.hidden = false
}

/** Gives back what is to be told of every change of the mix. */
export function offerMix(song: Song, source: PieceSource, levelsNow: () => Levels): () => void {
  const card = find(document, '#mix', HTMLElement)
  const about = find(card, '.about', HTMLElement)
  const start = find(card, '#render', HTMLButtonElement)
  const under = find(card, '#rendering', HTMLElement)
  const progress = find(under, 'progress', HTMLProgressElement)
  const cancel = find(under, 'button', HTMLButtonElement)
  const outcome = find(card, '#rendered', HTMLElement)
  const heardAt = ({ stems }: Levels) => song.stems.map(({ stem }) => stem).filter((_, index) => stems[index])
  let rendering: AbortController | undefined

  const describe = () => {
    const levels = levelsNow()
    const heard = heardAt(levels)
    const isSilent = heard.length === 0 || levels.master === 0
    start.disabled = isSilent
    if (isSilent) about.textContent = 'Nothing is heard just now.'
    else if (isWhole(levels)) about.textContent = `All ${heard.length} stems together, as WAV.`
    else
      about.textContent = `${capital(listed(heard))} as loud as you hear ${heard.length > 1 ? 'them' : 'it'}, as WAV.`
  }

  const render = async () => {
    rendering = new AbortController()
    // As it is heard now: what is moved meanwhile is for the next time.
    const levels = levelsNow()
    const name = mixFileName(song, heardAt(levels))
    start.hidden = true
    under.hidden = false
    outcome.textContent = ''
    cancel.focus()
    try {
      const file = await renderMix(song, source, levels, rendering.signal, (fraction) => {
        progress.value = fraction
        progress.textContent = percent(fraction)
      })
      save(file, name)
      outcome.textContent = `Made and saved, ${sizeInWords(file.size)}.`
    } catch (error) {
      if (error instanceof FetchFailure) outcome.textContent = `The mix was not made. ${error.message}`
      else if (!rendering.signal.aborted) throw error
      else outcome.textContent = 'Cancelled.'
    } finally {
      const hadFocus = under.contains(document.activeElement)
      under.hidden = true
      start.hidden = false
      if (hadFocus) start.focus()
    }
  }

  start.addEventListener('click', () => void render())
  cancel.addEventListener('click', () => rendering?.abort(new DOMException('cancelled', 'AbortError')))
  card.hidden = false
  describe()
  return describe
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS)
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
