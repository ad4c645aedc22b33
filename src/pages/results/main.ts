// The results page: fetches the song and puts its parts together.
import type { Song } from '../../web/results/wire.ts'
import { find } from '../find.ts'
import { showZip } from './downloads.ts'
import { FetchFailure, fetchBytes } from './fetch-bytes.ts'
import { showHead } from './head.ts'
import { openMixer } from './open-mixer.ts'
import { PieceSource } from './piece-source.ts'

const page = find(document, 'main', HTMLElement)
const state = find(document, '#state', HTMLElement)
const stateWords = find(state, 'p', HTMLElement)
const stateRetry = find(state, 'button', HTMLButtonElement)

stateRetry.addEventListener('click', () => {
  say('Loading the song…')
  void open()
})
await open()

async function open(): Promise<void> {
  let song: Song
  try {
    const bytes = await fetchBytes('song.json', new AbortController().signal)
    song = JSON.parse(new TextDecoder().decode(bytes)) as Song
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error
    say(error.message, error.canRetry)
    return
  }
  showHead(song)
  find(page, '#head', HTMLElement).hidden = false
  find(state, 'h1', HTMLElement).hidden = true
  page.removeAttribute('aria-busy')
  if (song.stems.length === 0) {
    say('This song was analysed only: there are no stems to hear.')
    return
  }
  showZip(song)
  find(page, '#downloads', HTMLElement).hidden = false
  const source = openSource(song)
  if (!source) {
    say('This browser cannot play the stems; it can still download them.')
    return
  }
  state.hidden = true
  openMixer(song, source)
}

function openSource(song: Song): PieceSource | undefined {
  if (!('AudioContext' in globalThis)) return undefined
  try {
    return new PieceSource(song)
  } catch {
    return undefined
  }
}

function say(words: string, canRetry = false): void {
  state.hidden = false
  stateWords.textContent = words
  stateRetry.hidden = !canRetry
}
