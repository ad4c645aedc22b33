// One run through a song, from a sample to its end: each piece of all stems is placed right behind the one before, on one clock. What comes too
// late comes late for all stems together, and goes on at the same sample.
import type { Desk } from './desk.ts'
import { FetchFailure } from './fetch-bytes.ts'
import type { PieceSource } from './piece-source.ts'
import {
  type Anchor,
  anchorFor,
  type Cut,
  clockFrameOf,
  PIECES_AHEAD,
  pieceAt,
  pieceCount,
  songFrameAt,
} from './schedule.ts'

/** What the sound card has taken over by then can no longer be met. */
const LEAD_SECONDS = 0.04
const QUANTUM_FRAMES = 128

export type RunEvents = {
  /** It waits, goes on, or has failed. */
  changed: () => void
  ended: () => void
}

export class Run {
  readonly #desk: Desk
  readonly #source: PieceSource
  readonly #song: Cut
  readonly #events: RunEvents
  readonly #stopped = new AbortController()
  readonly #start: number
  #anchor: Anchor | undefined
  /** The song's sample up to which all is placed. */
  #placedUntil: number
  /** Pieces that sound or are about to, a node a stem. */
  readonly #placed = new Set<AudioBufferSourceNode[]>()
  #failure: FetchFailure | null = null
  /** Lets the run go on where it waits for room, or for somebody to say again. */
  #goOn: (() => void) | undefined

  constructor(desk: Desk, source: PieceSource, song: Cut, startFrame: number, events: RunEvents) {
    this.#desk = desk
    this.#source = source
    this.#song = song
    this.#start = startFrame
    this.#placedUntil = startFrame
    this.#events = events
    this.#play().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) throw error
    })
  }

  /** Where in the song it is. */
  get frame(): number {
    return this.#anchor
      ? Math.floor(songFrameAt(this.#anchor, this.#placedUntil, this.#clock()))
      : this.#placedUntil
  }

  get isWaiting(): boolean {
    return this.#placed.size === 0
  }

  get failure(): FetchFailure | null {
    return this.#failure
  }

  retry(): void {
    if (this.#failure) this.#goOn?.()
  }

  /** For good; what sounds is heard until `when`. */
  stop(when: number): void {
    this.#stopped.abort()
    for (const nodes of this.#placed)
      for (const node of nodes) {
        node.stop(when)
        // A clock that stands would hold the samples until it goes on.
        if (this.#desk.context.state !== 'running') drop(node)
      }
    this.#placed.clear()
  }

  async #play(): Promise<void> {
    const { signal } = this.#stopped
    for (let piece = pieceAt(this.#song, this.#start); piece < pieceCount(this.#song); piece++) {
      const buffers = await this.#fetch(piece, signal)
      this.#place(piece, buffers)
      while (this.#placed.size > PIECES_AHEAD) await this.#pause()
      signal.throwIfAborted()
    }
    while (this.#placed.size > 0) await this.#pause()
    signal.throwIfAborted()
    this.#events.ended()
  }

  async #fetch(piece: number, signal: AbortSignal): Promise<AudioBuffer[]> {
    for (;;)
      try {
        const buffers = await this.#source.get(piece)
        signal.throwIfAborted()
        return buffers
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof FetchFailure)) throw error
        await this.#fail(error)
      }
  }

  async #fail(failure: FetchFailure): Promise<void> {
    this.#failure = failure
    this.#events.changed()
    // A piece that ends meanwhile is no reason to try again.
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
    })
    this.#failure = null
    this.#events.changed()
  }

  #place(piece: number, buffers: AudioBuffer[]): void {
    const { context, inputs } = this.#desk
    const begin = piece * this.#song.pieceSamples
    const from = Math.max(this.#start, begin)
    const wasWaiting = this.isWaiting
    for (let lead = LEAD_SECONDS + 2 * context.baseLatency; ; lead *= 2) {
      const anchor = anchorFor(this.#anchor, from, this.#clock() + Math.ceil(lead * context.sampleRate))
      const when = clockFrameOf(anchor, from) / context.sampleRate
      const nodes = buffers.map((buffer, stem) => {
        const node = new AudioBufferSourceNode(context, { buffer })
        node.connect(inputs[stem] as GainNode)
        node.start(when, (from - begin) / context.sampleRate)
        return node
      })
      // The sound card went on meanwhile: had it overtaken us between two stems, they would be apart.
      if (this.#clock() + QUANTUM_FRAMES < clockFrameOf(anchor, from)) {
        if (!this.#anchor) this.#desk.fadeIn(when)
        this.#anchor = anchor
        this.#follow(nodes)
        break
      }
      nodes.forEach(drop)
    }
    this.#placedUntil = Math.min(this.#song.samples, begin + this.#song.pieceSamples)
    if (wasWaiting) this.#events.changed()
  }

  #follow(nodes: AudioBufferSourceNode[]): void {
    this.#placed.add(nodes)
    nodes[0]?.addEventListener('ended', () => {
      if (!this.#placed.delete(nodes)) return
      if (!this.#failure) this.#goOn?.()
      if (this.isWaiting) this.#events.changed()
    })
  }

  /** Until a piece has ended. Whoever stops the run lets it lie here. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  #clock(): number {
    return Math.round(this.#desk.context.currentTime * this.#desk.context.sampleRate)
  }
}

function drop(node: AudioBufferSourceNode): void {
  node.disconnect()
  node.buffer = null
}
