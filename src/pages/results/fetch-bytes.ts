// Bytes from below the page's address: tried again while that may help, and in words where it does not.

type Refusal = { error: { message: string } }

const PAUSES_MS = [500, 1500, 4000]
const TIMEOUT_MS = 60_000
/** Too slow, and too often: of what the client did, this passes. */
const PASSES = [408, 429]

/** Its message is for a person. `canRetry`: whether asking again may help. */
export class FetchFailure extends Error {
  readonly canRetry: boolean
  constructor(message: string, canRetry: boolean) {
    super(message)
    this.canRetry = canRetry
  }
}

/** @throws FetchFailure, and whatever `signal` was aborted with */
export async function fetchBytes(address: string, signal: AbortSignal): Promise<ArrayBuffer> {
  for (let attempt = 0; ; attempt++) {
    let words: string
    try {
      const answer = await fetch(address, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      const bytes = await answer.arrayBuffer()
      if (answer.ok) return bytes
      // The server has looked, and would say the same again.
      if (answer.status >= 400 && answer.status < 500 && !PASSES.includes(answer.status))
        throw new FetchFailure(refusalIn(bytes), false)
      words = `The server does not answer as it should (${answer.status}).`
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof FetchFailure) throw error
      words = navigator.onLine ? 'The server cannot be reached.' : 'You are offline.'
    }
    const pause = PAUSES_MS[attempt]
    if (pause === undefined) throw new FetchFailure(words, true)
    await wait(pause, signal)
  }
}

/** What the server says of why. */
function refusalIn(bytes: ArrayBuffer): string {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as Refusal).error.message
  } catch {
    return 'This address is no longer good. Ask for the song again in the chat.'
  }
}

/** After a time. @throws whatever `signal` was aborted with */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
