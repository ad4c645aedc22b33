// Peak memory and processor time of a process with all its children, where the system tells (Linux).
import { readdirSync, readFileSync } from 'node:fs'

const LOOK_MS = 50
/** What /proc counts in; Linux has no other to user programs. */
const TICKS_PER_SECOND = 100

/** Follows a process until `stop`; `peakBytes` is the sum of the processes' own high-water marks, 0 where the system does not tell. */
export function watchPeakMemory(root: number): { peakBytes(): number; stop(): void } {
  const peaks = new Map<number, number>()
  const look = () => {
    for (const pid of tree(root)) peaks.set(pid, highWaterBytes(pid) ?? peaks.get(pid) ?? 0)
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  return {
    peakBytes() {
      look()
      return [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0)
    },
    stop: () => clearInterval(timer),
  }
}

function tree(root: number): number[] {
  try {
    const threads = readdirSync(`/proc/${root}/task`)
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${root}/task/${thread}/children`, 'utf8').trim().split(' '),
    )
    return [root, ...children.filter(Boolean).flatMap((pid) => tree(Number(pid)))]
  } catch {
    return [root] // it has just ended, or this is no Linux
  }
}

function highWaterBytes(pid: number): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kibibytes ? Number(kibibytes) * 1024 : undefined
  } catch {
    return undefined
  }
}

/** What the processes of the tree have used, and what those have that are gone; 0 where the system does not tell. */
export function processorSeconds(root: number): number {
  const ticks = tree(root).map((pid) => {
    try {
      // After the name, which may have spaces and brackets: utime, stime, cutime, cstime are its fields 12 to 15.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    } catch {
      return 0
    }
  })
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND
}
