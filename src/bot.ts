// The bot role, wired: takes commands from every platform that has credentials. Until the first platform comes, it settles what
// no handler ended, so that a request asked for at the terminal never hangs.
import type { Log } from './log.ts'
import { startSweeps } from './queue/sweep.ts'
import type { Services } from './services.ts'

export type Bot = { platforms: string[]; stop(): Promise<void> }

export function startBot({ db, boss }: Services, log: Log): Bot {
  const sweeps = startSweeps({ db, boss, log })
  return { platforms: ['terminal'], stop: () => sweeps.stop() }
}
