// The stems of a song and all that is done with them: one mix, one player, and every control that shows and changes them.
import type { Song } from '../../web/results/wire.ts'
import { find } from '../find.ts'
import { offerMix } from './downloads.ts'
import { keepMix, keptMix } from './kept-mix.ts'
import { hearKeys } from './keys.ts'
import { openMediaSession } from './media-session.ts'
import { levelsOf, type Mix, type StemSetting } from './mixer.ts'
import type { PieceSource } from './piece-source.ts'
import { Player } from './player.ts'
import { makePlayhead } from './playhead.ts'
import { showRuler } from './ruler.ts'
import { makeStemRow } from './stem-row.ts'
import { makeTransportBar } from './transport-bar.ts'

export function openMixer(song: Song, source: PieceSource): void {
  let mix = keptMix(song.stems.length)
  const toSeconds = (frame: number) => frame / song.sampleRateHz
  const durationSeconds = toSeconds(song.samples)

  const player = new Player(song, source, levelsOf(mix), () => showPlayer())
  const seek = (seconds: number) => player.seek(seconds * song.sampleRateHz)
  const seekBy = (seconds: number) => seek(toSeconds(player.frame) + seconds)
  const toggle = () => (player.state.isPlaying ? player.pause() : player.play())

  const setMix = (changed: Mix) => {
    mix = changed
    keepMix(mix)
    player.setLevels(levelsOf(mix))
    showMix()
  }
  const setVolume = (master: number) => setMix({ ...mix, master: Math.min(1, Math.max(0, master)) })
  const setStem = (index: number, change: (setting: StemSetting) => Partial<StemSetting>) =>
    setMix({ ...mix, stems: mix.stems.map((old, at) => (at === index ? { ...old, ...change(old) } : old)) })

  for (const part of ['#mixer', '#transport']) find(document, part, HTMLElement).hidden = false
  const bar = makeTransportBar(durationSeconds, { toggle, seek, setVolume, retry: () => player.retry() })
  const rows = song.stems.map((stem, index) =>
    makeStemRow(stem, index + 1, (change) => setStem(index, change)),
  )
  find(document, '#stems', HTMLElement).append(...rows.map(({ element }) => element))
  showRuler(find(document, '#ruler', HTMLElement), durationSeconds)
  const loudest = Math.max(...song.stems.flatMap(({ peaks }) => [...peaks.max, ...peaks.min.map(Math.abs)]))
  const waveforms = rows.map((row) => row.draw(durationSeconds, loudest, seek))
  const describeMix = offerMix(song, source, () => levelsOf(mix))

  const showMix = () => {
    const { stems } = levelsOf(mix)
    bar.showVolume(mix.master)
    for (const [index, row] of rows.entries())
      row.show(mix.stems[index] as StemSetting, (stems[index] ?? 0) > 0)
    describeMix()
  }
  const line = find(document, '#playhead', HTMLElement)
  const playhead = makePlayhead(
    durationSeconds,
    () => toSeconds(player.frame),
    (seconds) => {
      bar.showTime(seconds)
      line.style.setProperty('--at', String(seconds / durationSeconds))
      for (const waveform of waveforms) waveform.show(seconds)
    },
  )
  const reportMedia = openMediaSession(song, {
    play: () => player.play(),
    pause: () => player.pause(),
    seekTo: seek,
    seekBy,
  })
  const showPlayer = () => {
    const { state } = player
    bar.showState(state)
    playhead.show()
    playhead.follow(state.isPlaying && !state.isWaiting)
    reportMedia(state.isPlaying, toSeconds(player.frame))
  }

  hearKeys((shortcut) => {
    switch (shortcut.does) {
      case 'play':
        toggle()
        break
      case 'seek':
        seekBy(shortcut.seconds)
        break
      case 'start':
        seek(0)
        break
      case 'end':
        seek(durationSeconds)
        break
      case 'volume':
        setVolume(mix.master + shortcut.change)
        break
      case 'mute':
        setStem(shortcut.stem, ({ isMuted }) => ({ isMuted: !isMuted }))
        break
      case 'solo':
        setStem(shortcut.stem, ({ isSoloed }) => ({ isSoloed: !isSoloed }))
    }
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const waveform of waveforms) waveform.recolour()
  })
  addEventListener('online', () => player.retry())

  showMix()
  showPlayer()
  player.prepare()
}
