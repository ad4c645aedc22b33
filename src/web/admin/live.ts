// Tells every open page what changes, as PostgreSQL tells us, at most twice a second. What is told is read once for all of them, and
// nothing is read while none is open.
import type { Log } from '../../log.ts'
import type { Database } from '../../store/database.ts'
import { CONTROL_CHANNEL } from '../../store/queue-controls.ts'
import { CARD_CHANNEL } from '../../store/stages.ts'
import type { StreamEvent, StreamSource } from '../event-stream.ts'
import { Waiting } from '../waiting.ts'
import type { Cards } from './cards.ts'
import type { AdminState } from './wire.ts'

export type Live = {
  /** @returns undefined when all together are too many */
  visit(): StreamSource | undefined
  stop(): Promise<void>
}
type LiveDeps = { db: Database; log: Log; cards: Cards; read: () => Promise<AdminState> }

const MOST_VISITS = 50
/** Between two readings; or so many times as long as the last one took, so that a database that is slow is asked less. */
const GAP_MS = 500
const GAP_TIMES = 4
/** Finds what no notification tells of, as a machine that has come or gone. */
const SWEEP_MS = 5_000

export async function openLive({ db, log, cards, read }: LiveDeps): Promise<Live> {
  const visits = new Set<Visit>()
  /** What was told last, by the name of its event. */
  let told = new Map<string, string>()
  let isChanged = false
  let isReading = false
  let notBeforeMs = 0
  let timer: NodeJS.Timeout | undefined

  const readSoon = () => {
    isChanged = true
    if (isReading || visits.size === 0) return
    timer ??= setTimeout(readNow, Math.max(0, notBeforeMs - performance.now()))
  }
  const readNow = async () => {
    timer = undefined
    isReading = true
    isChanged = false
    const sinceMs = performance.now()
    try {
      tell(await read())
    } catch (error) {
      log.warn({ err: error }, 'the state for /admin could not be read; the next sweep reads it again')
    }
    const tookMs = performance.now() - sinceMs
    notBeforeMs = performance.now() + Math.max(GAP_MS, GAP_TIMES * tookMs)
    isReading = false
    if (isChanged) readSoon()
  }
  const tell = (state: AdminState) => {
    const events = Object.entries(state).map(([name, value]) => ({ name, data: JSON.stringify(value) }))
    for (const event of events)
      for (const visit of visits) if (visit.isNew || told.get(event.name) !== event.data) visit.put(event)
    for (const visit of visits) visit.isNew = false
    told = new Map(events.map(({ name, data }) => [name, data]))
  }

  const cardListener = await db.listen(CARD_CHANNEL, (trackId) => {
    // After a connection was lost anything may have been missed.
    if (trackId === '') cards.forgetAll()
    else cards.forgetTrack(trackId)
    readSoon()
  })
  const controlListener = await db.listen(CONTROL_CHANNEL, readSoon).catch(async (error: unknown) => {
    await cardListener.close()
    throw error
  })
  const sweep = setInterval(() => {
    cards.forgetOpen()
    readSoon()
  }, SWEEP_MS)

  return {
    visit() {
      if (visits.size >= MOST_VISITS) return undefined
      const visit = new Visit(() => visits.delete(visit))
      visits.add(visit)
      readSoon()
      return visit
    },
    async stop() {
      clearInterval(sweep)
      clearTimeout(timer)
      for (const visit of visits) visit.leave()
      await Promise.all([cardListener.close(), controlListener.close()])
    },
  }
}

/** What one page has not taken yet: of each event the newest, so that nothing grows with a page that does not read. */
class Visit extends Waiting<StreamEvent> implements StreamSource {
  /** Nothing was told to it: it has to be told all. */
  isNew = true

  put(event: StreamEvent): void {
    this.news.set(event.name, event)
    this.wake()
  }
}
