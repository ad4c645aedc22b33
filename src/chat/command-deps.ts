// What a chat platform's commands stand on. A person waits for the answer: no wait is long.
import type { CommandDeps } from '../../commands/command.ts'
import type { Settings } from '../config.ts'
import type { Services } from '../services.ts'

/** How long a database that has gone away is waited for, of the three seconds that a platform gives. */
const PATIENCE_SECONDS = 1.5

export function commandDepsOf(settings: Settings, { db, boss, files }: Services): CommandDeps {
  return {
    db: {
      ...db,
      transaction: (work, limits) => db.transaction(work, { patienceSeconds: PATIENCE_SECONDS, ...limits }),
    },
    boss,
    files,
    defaultModel: settings.MODEL,
    maxOpenRequests: settings.MAX_OPEN_REQUESTS,
    doors: settings.SOURCES,
    publicUrl: settings.PUBLIC_URL ?? null,
  }
}
