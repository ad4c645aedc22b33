// Whether a process still runs. A killed one that nobody has reaped yet does not.
import { execFileSync } from 'node:child_process'

export function isAlive(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return state !== '' && !state.startsWith('Z')
  } catch {
    return false
  }
}
