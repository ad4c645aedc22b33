// A stem's row: its waveform, and what is done with it.
import type { SongStem } from '../../web/results/wire.ts'
import { copyOf, find } from '../find.ts'
import { sizeInWords } from '../units.ts'
import type { StemSetting } from './mixer.ts'
import { setSlider } from './slider.ts'
import { drawWaveform, type Waveform } from './waveform.ts'
import { percent } from './words.ts'

export type StemRow = {
  element: HTMLElement
  /** There once the row is in the page, which decides its size. */
  draw(durationSeconds: number, loudest: number, seek: (seconds: number) => void): Waveform
  show(setting: StemSetting, isHeard: boolean): void
}

export function makeStemRow(
  stem: SongStem,
  number: number,
  change: (how: (setting: StemSetting) => Partial<StemSetting>) => void,
): StemRow {
  const { stem: name, download } = stem
  const element = copyOf('stem')
  element.dataset['stem'] = name
  element.setAttribute('aria-label', name)
  find(element, '.stem-number', HTMLElement).textContent = String(number)
  find(element, '.stem-name', HTMLElement).textContent = name

  const mute = find(element, '.mute', HTMLButtonElement)
  const solo = find(element, '.solo', HTMLButtonElement)
  const volume = find(element, '.volume', HTMLInputElement)
  mute.setAttribute('aria-label', `Mute ${name}`)
  solo.setAttribute('aria-label', `Solo ${name}`)
  volume.setAttribute('aria-label', `Volume of ${name}`)
  mute.addEventListener('click', () => change(({ isMuted }) => ({ isMuted: !isMuted })))
  solo.addEventListener('click', () => change(({ isSoloed }) => ({ isSoloed: !isSoloed })))
  volume.addEventListener('input', () => change(() => ({ volume: Number(volume.value) / 100 })))

  const link = find(element, '.download', HTMLAnchorElement)
  link.hidden = !download
  if (download) {
    link.href = download.address
    link.download = download.name
    link.title = `${download.name}, ${sizeInWords(download.bytes)}`
    link.setAttribute('aria-label', `Download ${name}, ${sizeInWords(download.bytes)}`)
  }

  return {
    element,
    draw: (durationSeconds, loudest, seek) =>
      drawWaveform(find(element, '.wave', HTMLElement), stem, durationSeconds, loudest, seek),
    show(setting, isHeard) {
      mute.setAttribute('aria-pressed', String(setting.isMuted))
      solo.setAttribute('aria-pressed', String(setting.isSoloed))
      setSlider(volume, Math.round(setting.volume * 100), percent(setting.volume))
      element.classList.toggle('unheard', !isHeard)
    },
  }
}
