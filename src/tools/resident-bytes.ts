// Memory that a process holds, where the system tells (Linux); 0 elsewhere.
import { readFileSync } from 'node:fs'

export function residentBytes(pid: number | undefined): number {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(resident ?? 0) * 1024
  } catch {
    return 0
  }
}
