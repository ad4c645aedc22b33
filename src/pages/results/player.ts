// Plays, stops and jumps: what the page's transport does. All stems go by the clock of one AudioContext.
import type { Song } from '../../web/results/wire.ts'
import { Desk, FADED_SECONDS } from './desk.ts'
import type { Levels } from './mixer.ts'
import type { PieceSource } from './piece-source.ts'
import { Run } from './run.ts'
import { frameWithin, pieceAt } from './schedule.ts'

/** The sound card still holds the last of a song when the clock has passed its end. */
const TAIL_SECONDS = 0.3

export type PlayerState = {
  /** As the person wants it. */
  isPlaying: boolean
  /** It would sound, and cannot yet. */
  isWaiting: boolean
  /** Why it cannot, in words. */
  failure: { words: string; canRetry: boolean } | null
}

export class Player {
  readonly #song: Song
  readonly #source: PieceSource
  readonly #changed: () => void
  #levels: Levels
  /** Made by the first gesture: before, browsers let nothing sound. */
  #desk: Desk | undefined
  /** There from the first note on, until a jump or the end. */
  #run: Run | undefined
  /** Where it stands while there is no run. */
  #frame = 0
  #isPlaying = false
  #resting: ReturnType<typeof setTimeout> | undefined

  constructor(song: Song, source: PieceSource, levels: Levels, changed: () => void) {
    this.#song = song
    this.#source = source
    this.#levels = levels
    this.#changed = changed
  }

  get frame(): number {
    return this.#run?.frame ?? this.#frame
  }

  get state(): PlayerState {
    const failure = this.#run?.failure
    return {
      isPlaying: this.#isPlaying,
      isWaiting:
        this.#isPlaying && (!this.#run || this.#run.isWaiting || this.#desk?.context.state !== 'running'),
      failure: failure ? { words: failure.message, canRetry: failure.canRetry } : null,
    }
  }

  /** To be called by a gesture. */
  play(): void {
    if (this.#isPlaying) return
    this.#isPlaying = true
    if (this.frame >= this.#song.samples) this.#frame = 0
    const desk = this.#openDesk()
    clearTimeout(this.#resting)
    desk.context.resume().catch(() => {})
    if (this.#run) desk.fadeIn(desk.context.currentTime)
    else this.#start(desk)
    this.#changed()
  }

  pause(): void {
    if (!this.#isPlaying) return
    this.#isPlaying = false
    this.#desk?.fadeOut()
    this.#rest(FADED_SECONDS)
    this.#changed()
  }

  seek(songFrame: number): void {
    const frame = frameWithin(this.#song, songFrame)
    this.#run?.stop(this.#desk?.fadeOut() ?? 0)
    this.#run = undefined
    this.#frame = frame
    if (this.#isPlaying && frame >= this.#song.samples) this.#end()
    else if (this.#isPlaying && this.#desk) this.#start(this.#desk)
    else this.prepare()
    this.#changed()
  }

  setLevels(levels: Levels): void {
    this.#levels = levels
    this.#desk?.setLevels(levels)
  }

  retry(): void {
    this.#run?.retry()
  }

  /** Has at hand what would sound first, so that a press on play is heard at once. */
  prepare(): void {
    if (this.#frame >= this.#song.samples) return
    // What goes wrong here is said when somebody wants to hear it.
    this.#source.get(pieceAt(this.#song, this.#frame)).catch(() => {})
  }

  #openDesk(): Desk {
    if (this.#desk) return this.#desk
    const desk = new Desk(this.#song.sampleRateHz, this.#levels)
    desk.context.addEventListener('statechange', () => this.#follow(desk.context))
    this.#desk = desk
    return desk
  }

  #start(desk: Desk): void {
    this.#run = new Run(desk, this.#source, this.#song, this.#frame, {
      changed: this.#changed,
      ended: () => this.#end(),
    })
  }

  #end(): void {
    this.#run = undefined
    this.#frame = this.#song.samples
    this.#isPlaying = false
    this.#rest(TAIL_SECONDS)
    this.#changed()
  }

  /** A context that stands costs nothing, and its clock stays where it is. */
  #rest(afterSeconds: number): void {
    clearTimeout(this.#resting)
    this.#resting = setTimeout(async () => {
      this.#resting = undefined
      await this.#desk?.context.suspend()
      this.#changed()
    }, afterSeconds * 1000)
  }

  /** A phone call, or a browser that has thought of something else. */
  #follow(context: AudioContext): void {
    if (context.state === 'interrupted') this.#isPlaying = false
    else if (context.state === 'suspended' && this.#isPlaying) context.resume().catch(() => {})
    else if (context.state === 'running' && !this.#isPlaying && this.#resting === undefined) this.#rest(0)
    this.#changed()
  }
}
