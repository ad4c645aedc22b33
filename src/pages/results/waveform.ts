// A stem's waveform, drawn from its peaks by wavesurfer.js, which plays nothing here.
import WaveSurfer from 'wavesurfer.js'
import type { SongStem } from '../../web/results/wire.ts'
import { find } from '../find.ts'

const BAR_PIXELS = 2
const GAP_PIXELS = 1
/** Of the row's height. */
const FILLED = 0.92

export type Waveform = { show(seconds: number): void; recolour(): void }

/** `loudest`: what fills the height, the same for all stems of a song. */
export function drawWaveform(
  container: HTMLElement,
  { peaks }: SongStem,
  durationSeconds: number,
  loudest: number,
  seek: (seconds: number) => void,
): Waveform {
  const wave = WaveSurfer.create({
    container,
    peaks: [peaks.max, peaks.min],
    duration: durationSeconds,
    height: 'auto',
    normalize: true,
    maxPeak: loudest,
    barHeight: FILLED,
    barWidth: BAR_PIXELS,
    barGap: GAP_PIXELS,
    barRadius: BAR_PIXELS,
    cursorWidth: 0,
    hideScrollbar: true,
    cspNonce: find(document, 'meta[name="style-nonce"]', HTMLMetaElement).content,
    ...coloursOf(container),
  })
  wave.on('interaction', seek)
  return {
    show: (seconds) => wave.setTime(seconds),
    recolour: () => wave.setOptions(coloursOf(container)),
  }
}

/** As the style sheet has them: a canvas knows none. */
function coloursOf(element: Element): { waveColor: string; progressColor: string } {
  const style = getComputedStyle(element)
  return {
    waveColor: style.getPropertyValue('--wave-ahead'),
    progressColor: style.getPropertyValue('--wave-behind'),
  }
}
