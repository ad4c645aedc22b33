// The keys on keyboards, headphones and lock screens.
import type { Song } from '../../web/results/wire.ts'

export type MediaActions = {
  play: () => void
  pause: () => void
  seekTo: (seconds: number) => void
  seekBy: (seconds: number) => void
}

const STEP_SECONDS = 5

export function openMediaSession(song: Song, { play, pause, seekTo, seekBy }: MediaActions) {
  if (!('mediaSession' in navigator)) return () => {}
  const { mediaSession } = navigator
  mediaSession.metadata = new MediaMetadata({
    title: song.title,
    artist: song.artist ?? '',
    album: song.album ?? '',
    artwork: song.cover ? [{ src: new URL(song.cover, location.href).href }] : [],
  })
  mediaSession.setActionHandler('play', play)
  mediaSession.setActionHandler('pause', pause)
  mediaSession.setActionHandler('seekto', ({ seekTime }) => seekTime !== undefined && seekTo(seekTime))
  mediaSession.setActionHandler('seekbackward', ({ seekOffset }) => seekBy(-(seekOffset ?? STEP_SECONDS)))
  mediaSession.setActionHandler('seekforward', ({ seekOffset }) => seekBy(seekOffset ?? STEP_SECONDS))

  return (isPlaying: boolean, seconds: number): void => {
    mediaSession.playbackState = isPlaying ? 'playing' : 'paused'
    mediaSession.setPositionState({
      duration: song.durationSeconds,
      position: Math.min(seconds, song.durationSeconds),
    })
  }
}
