// Asks until there is an answer: while the server is away, while it asks for a pause, and while this person has yet to enter.
import { waitAfter } from '../patience.ts'

/** What the one connection to the room tells those who wait for it. */
export type Line = {
  /** Dispatches `back` whenever the room is there again. */
  back: EventTarget
  /** The server does not know who this is. */
  onNotEntered(): void
}

/**
 * @param onWait told each time there is no answer yet
 * @throws Refused of failures.ts, where asking again would change nothing
 */
export async function untilAnswered<Told>(
  line: Line,
  work: () => Promise<Told>,
  { signal, onWait = () => {} }: { signal?: AbortSignal; onWait?: () => void } = {},
): Promise<Told> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      const waitMs = waitAfter(error, tries)
      if (waitMs === null) throw error
      if (waitMs === Number.POSITIVE_INFINITY) line.onNotEntered()
      onWait()
      await backOrAfter(line, waitMs, signal)
    }
  }
}

async function backOrAfter({ back }: Line, waitMs: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const ends = new AbortController()
    const timer = Number.isFinite(waitMs) ? setTimeout(done, waitMs) : undefined
    function done() {
      clearTimeout(timer)
      ends.abort()
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    back.addEventListener('back', done, { signal: ends.signal })
    signal?.addEventListener('abort', done, { signal: ends.signal })
    if (signal?.aborted) done()
  })
}
