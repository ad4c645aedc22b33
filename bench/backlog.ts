// A database and a folder of songs of their own; requests that are asked for there while nothing runs, and their end.
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSettings, type Settings } from '../src/config.ts'
import { parseLink } from '../src/domain/link.ts'
import { createLog } from '../src/log.ts'
import { openServices, type Services } from '../src/services.ts'
import { ask } from './request.ts'
import type { Workplace } from './workplace.ts'

/** Who holds the queues until all are asked for. */
export const BY = { platform: 'terminal', person: 'bench' }

const ASKED_AT_ONCE = 4
const LOOK_MS = 100
const LONGEST_SECONDS = 300

/** `songs`: the folder that they are kept in. */
export type Backlog = { settings: Settings; services: Services; songs: string }

export async function openBacklog(place: Workplace): Promise<Backlog> {
  const name = `backlog_${randomUUID().slice(0, 8)}`
  const DATA_DIR = join(place.folder, name)
  const songs = join(DATA_DIR, 'files')
  await mkdir(songs, { recursive: true })
  const settings = readSettings({ DATABASE_URL: await place.database(name), DATA_DIR }, place.folder)
  return { settings, songs, services: await openServices(settings, createLog('silent'), () => {}) }
}

/** For a song of its own each, by a person of their own. */
export async function askAll(services: Services, requests: number): Promise<void> {
  let left = requests
  const askOn = async () => {
    while (left-- > 0) await ask(services, newSong(), { person: randomUUID() })
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOn))
}

export function newSong() {
  return parseLink(`https://example.com/${randomUUID()}.flac`)
}

/** Waits until all have stems. @throws when one fails, or it takes too long */
export async function allEnd({ db }: Services): Promise<void> {
  const until = performance.now() + LONGEST_SECONDS * 1000
  for (;;) {
    const { rows } = await db.query<{ working: number }>(
      `select count(*)::int as working from requests where state = 'working'`,
    )
    const working = rows[0]?.working ?? 0
    if (working === 0) break
    if (performance.now() > until) throw new Error(`${working} requests did not end`)
    await sleep(LOOK_MS)
  }
  const { rowCount } = await db.query(`select 1 from requests where state = 'failed' limit 1`)
  if (rowCount) throw new Error('a request failed')
}
