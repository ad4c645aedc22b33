// Workers on machines of their own, as far as one machine can have them: processes with folders of their own, and songs in one.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backlog } from './backlog.ts'
import type { Seconds } from './sleeping-tools.ts'
import type { Workplace } from './workplace.ts'

const PROGRAM = join(import.meta.dirname, 'scaling-worker.ts')

export type Fleet = { pids: number[]; stop(): Promise<void> }

/** Returns when all of them work. @param seconds what each tool takes */
export async function startFleet(
  place: Workplace,
  { settings, songs }: Backlog,
  workers: number,
  seconds: Seconds,
): Promise<Fleet> {
  const children: ChildProcess[] = []
  const stop = async () => {
    const running = children.splice(0).filter(({ exitCode }) => exitCode === null)
    const ended = running.map((child) => once(child, 'exit'))
    for (const child of running) child.kill('SIGTERM')
    await Promise.all(ended)
  }
  place.cleanup.defer(stop)
  await Promise.all(
    Array.from({ length: workers }, async (_, number) => {
      const DATA_DIR = join(songs, `../machine${number}`)
      await mkdir(DATA_DIR, { recursive: true })
      await symlink(songs, join(DATA_DIR, 'files')).catch(() => {})
      const child = spawn(process.execPath, [PROGRAM, JSON.stringify(seconds)], {
        env: { PATH: process.env['PATH'], DATABASE_URL: settings.DATABASE_URL, DATA_DIR, LOG_LEVEL: 'error' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      await once(child.stdout, 'data')
    }),
  )
  return { pids: children.map(({ pid }) => pid ?? 0), stop }
}
