// Counts the wrong secrets that each peer has given: nobody can try many.

/** Of one peer, in this time. */
const MOST = 10
const WITHIN_MS = 60_000
/** Peers that are remembered; more at once are taken for one. */
const MOST_PEERS = 10_000
const ALL_OTHERS = 'all others'

export class WrongSecrets {
  private readonly times = new Map<string, number[]>()

  /** How long this peer has to wait; 0 where it may try. */
  waitMs(peer: string, nowMs: number): number {
    const times = this.recent(this.keyOf(peer), nowMs)
    return times.length < MOST ? 0 : (times[0] ?? 0) + WITHIN_MS - nowMs
  }

  note(peer: string, nowMs: number): void {
    if (this.times.size >= MOST_PEERS) for (const each of this.times.keys()) this.recent(each, nowMs)
    const key = this.keyOf(peer)
    this.times.set(key, [...this.recent(key, nowMs), nowMs])
  }

  private keyOf(peer: string): string {
    return this.times.has(peer) || this.times.size < MOST_PEERS ? peer : ALL_OTHERS
  }

  private recent(key: string, nowMs: number): number[] {
    const times = (this.times.get(key) ?? []).filter((time) => time > nowMs - WITHIN_MS)
    if (times.length === 0) this.times.delete(key)
    else this.times.set(key, times)
    return times
  }
}
