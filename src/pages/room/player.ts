// A stem with its player: play and pause, a place in the song, download. One plays at a time; several together are the mixer's.
import type { RoomCard } from '../../chat/room/wire.ts'
import { element, icon, ownAddress, setAttribute, setText } from '../element.ts'
import type { View } from '../keyed-list.ts'
import { clock, sizeInWords } from '../units.ts'

type Stem = RoomCard['stems'][number]

let playing: HTMLAudioElement | null = null

export function playerOf(stem: Stem): View<Stem> {
  const address = ownAddress(stem.address)
  const audio = element('audio', { preload: 'none', src: address })
  const toggle = element('button', { type: 'button', class: 'play', 'aria-label': `Play ${stem.stem}` })
  toggle.append(icon('play'))
  const position = element('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 'any',
    value: 0,
    'aria-label': `Position in ${stem.stem}`,
    'aria-valuetext': '0:00',
  })
  const time = element('span', { class: 'time figures', 'aria-hidden': 'true' }, '0:00')
  const trouble = element(
    'span',
    { class: 'trouble', hidden: true },
    'It cannot be played here: download it.',
  )
  const download = element(
    'a',
    {
      class: 'button quiet icon',
      href: address,
      download: stem.name,
      'aria-label': `Download ${stem.stem} (${sizeInWords(stem.bytes)})`,
      title: `${stem.name}, ${sizeInWords(stem.bytes)}`,
    },
    icon('download'),
  )
  const row = element(
    'li',
    { class: 'stem', 'data-stem': stem.stem },
    toggle,
    element('span', { class: 'stem-name' }, stem.stem),
    element('span', { class: 'position' }, position, trouble),
    time,
    download,
    audio,
  )

  function show() {
    const { currentTime, duration } = audio
    const isKnown = Number.isFinite(duration) && duration > 0
    const at = isKnown ? Math.min(1, currentTime / duration) : 0
    position.value = String(at)
    position.style.setProperty('--filled', String(at))
    setText(time, isKnown ? `${clock(currentTime)} / ${clock(Math.round(duration))}` : clock(currentTime))
    setAttribute(
      position,
      'aria-valuetext',
      isKnown ? `${clock(currentTime)} of ${clock(Math.round(duration))}` : clock(currentTime),
    )
  }
  function showState() {
    const isPlaying = !audio.paused
    setAttribute(toggle, 'aria-label', `${isPlaying ? 'Pause' : 'Play'} ${stem.stem}`)
    row.classList.toggle('playing', isPlaying)
    toggle.replaceChildren(icon(isPlaying ? 'pause' : 'play'))
  }

  toggle.addEventListener('click', () => {
    // What comes of it is told by the events.
    if (audio.paused) audio.play().catch(() => {})
    else audio.pause()
  })
  position.addEventListener('input', () => {
    const at = Number(position.value)
    const seek = () => {
      audio.currentTime = at * audio.duration
      show()
    }
    if (audio.readyState > 0) return seek()
    // Nothing was loaded so far, not even how long it is.
    audio.addEventListener('loadedmetadata', seek, { once: true })
    if (audio.preload === 'none') {
      audio.preload = 'metadata'
      audio.load()
    }
  })
  audio.addEventListener('play', () => {
    if (playing !== audio) playing?.pause()
    playing = audio
    showState()
  })
  audio.addEventListener('pause', () => {
    if (playing === audio) playing = null
    showState()
  })
  audio.addEventListener('ended', () => {
    audio.currentTime = 0
  })
  for (const event of ['timeupdate', 'durationchange', 'seeked']) audio.addEventListener(event, show)
  audio.addEventListener('waiting', () => row.classList.add('loading'))
  for (const event of ['playing', 'pause', 'error'])
    audio.addEventListener(event, () => row.classList.remove('loading'))
  audio.addEventListener('error', () => {
    trouble.hidden = false
    position.hidden = true
    toggle.disabled = true
  })

  return {
    element: row,
    update() {},
    dispose() {
      audio.pause()
      if (playing === audio) playing = null
    },
  }
}

/** Whether something within the element plays. */
export function playsIn(parent: Element | undefined): boolean {
  return parent?.contains(playing) === true && playing !== null
}
