// The server's time: real time plus what a test has skipped. Deadlines hang on it.

export type Clock = ReturnType<typeof createClock>

export function createClock() {
  let skippedMs = 0
  const alarms = new Set<{ dueMs: number; ring: () => void; timer?: NodeJS.Timeout }>()
  const now = () => Date.now() + skippedMs
  const look = () => {
    for (const alarm of [...alarms].sort((a, b) => a.dueMs - b.dueMs)) {
      clearTimeout(alarm.timer)
      const leftMs = alarm.dueMs - now()
      if (leftMs > 0) alarm.timer = setTimeout(look, Math.min(leftMs + 1, 2 ** 31 - 1)).unref()
      else if (alarms.delete(alarm)) alarm.ring()
    }
  }
  return {
    now,
    /** Skips time: everything that falls due in between happens now. */
    advance(seconds: number) {
      skippedMs += seconds * 1000
      look()
    },
    /** Calls `ring` in `ms`; gives what cancels it. */
    after(ms: number, ring: () => void): () => void {
      const alarm: { dueMs: number; ring: () => void; timer?: NodeJS.Timeout } = { dueMs: now() + ms, ring }
      alarms.add(alarm)
      look()
      return () => {
        clearTimeout(alarm.timer)
        alarms.delete(alarm)
      }
    },
    stop() {
      for (const { timer } of alarms) clearTimeout(timer)
      alarms.clear()
    },
  }
}
