// SIGINT, SIGTERM and SIGHUP, counted as a person means them.

/** npm, its wrapper and the process group may each hand on the same signal: what comes within this time is one. */
const ECHO_MS = 500

/** @param heard gets 1 for the first signal, 2 for the next … @returns takes the handlers away */
export function countSignals(heard: (count: number, signal: NodeJS.Signals) => void): () => void {
  let count = 0
  let lastMs = Number.NEGATIVE_INFINITY
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (nowMs - lastMs < ECHO_MS) return
    lastMs = nowMs
    heard(++count, signal)
  }
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of names) process.on(name, onSignal)
  return () => {
    for (const name of names) process.off(name, onSignal)
  }
}
