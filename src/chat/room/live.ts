// Tells everybody in a room what changes there, as PostgreSQL tells us: nobody asks again and again. What somebody has not taken yet
// waits as one piece a message, the newest; nothing grows with somebody who does not read.
import type { Files } from '../../files/files.ts'
import type { Log } from '../../log.ts'
import type { Database } from '../../store/database.ts'
import { findSaid, requestsInRooms, SAID_CHANNEL, type Shown } from '../../store/room-messages.ts'
import type { RoomPerson } from '../../store/room-people.ts'
import { CARD_CHANNEL } from '../../store/stages.ts'
import { Waiting } from '../../web/waiting.ts'
import { roomMessage } from './messages.ts'
import type { RoomEvents } from './wire.ts'

type EventName = keyof RoomEvents
/** `room` says only that all is to be read anew. */
export type News = { name: 'room' } | { name: Exclude<EventName, 'room'>; data: string }

/** Somebody's one page on a room. */
export type Visit = {
  room: string
  person: RoomPerson
  /** What has changed, oldest first; waits for it, but not for longer. `over` when nothing follows. */
  next(withinMs: number): Promise<News | 'nothing' | 'over'>
  leave(): void
}

export type Live = {
  /** Of one person's the oldest ends where there are too many. @returns undefined when all together are too many */
  visit(room: string, person: RoomPerson): Visit | undefined
  /** They go by another name now. */
  rename(person: RoomPerson): void
  stop(): Promise<void>
}

const MOST_VISITS = 500
const MOST_VISITS_OF_ONE = 20
/** Who has this many messages to take gets all of the room anew. */
const MOST_WAITING = 100

export async function openLive(deps: { db: Database; files: Files; log: Log }): Promise<Live> {
  const { db, log } = deps
  const visits = new Set<RoomVisit>()
  const inRoom = (room: string) => [...visits].filter((visit) => visit.room === room)
  const tell = async (shown: Shown) => {
    const data = JSON.stringify(await roomMessage(deps, shown))
    for (const visit of inRoom(shown.room)) visit.put(shown.id, { name: 'message', data })
  }
  const tellOfPeople = (room: string) => {
    const here = inRoom(room)
    const names = [...new Map(here.map(({ person }) => [person.id, person.name])).values()].sort()
    const data = JSON.stringify({ names } satisfies RoomEvents['people'])
    for (const visit of here) visit.put('people', { name: 'people', data })
  }
  // After a connection was lost anything may have been missed.
  const tellAll = () => {
    for (const visit of visits) visit.startOver()
  }
  const guarded = (work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      log.warn({ err: error }, 'a room could not be told of a change')
      tellAll()
    })

  const tracks = inTurn((trackId) =>
    guarded(async () => {
      const rooms = [...new Set([...visits].map(({ room }) => room))]
      if (rooms.length === 0) return
      for (const shown of await requestsInRooms(db, trackId, rooms)) await tell(shown)
    }),
  )
  const said = inTurn((number) =>
    guarded(async () => {
      const shown = visits.size > 0 ? await findSaid(db, number) : undefined
      if (shown) await tell(shown)
    }),
  )
  const cardListener = await db.listen(CARD_CHANNEL, (id) => (id === '' ? tellAll() : tracks(id)))
  const saidListener = await db
    .listen(SAID_CHANNEL, (number) => (number === '' ? tellAll() : said(number)))
    .catch(async (error: unknown) => {
      await cardListener.close()
      throw error
    })

  return {
    visit(room, person) {
      const own = [...visits].filter((visit) => visit.person.id === person.id)
      // Lines that broke without a word look as if they were there.
      if (own.length >= MOST_VISITS_OF_ONE) own[0]?.leave()
      if (visits.size >= MOST_VISITS) return undefined
      const visit = new RoomVisit(room, person, () => {
        visits.delete(visit)
        tellOfPeople(room)
      })
      visits.add(visit)
      tellOfPeople(room)
      return visit
    },
    rename(person) {
      const own = [...visits].filter((visit) => visit.person.id === person.id)
      for (const visit of own) visit.person = person
      for (const room of new Set(own.map((visit) => visit.room))) tellOfPeople(room)
    },
    async stop() {
      for (const visit of visits) visit.leave()
      await Promise.all([cardListener.close(), saidListener.close()])
    },
  }
}

/** One after the other; what is named again while it waits is done once. */
function inTurn(work: (name: string) => Promise<void>): (name: string) => void {
  const waiting = new Set<string>()
  let isAtWork = false
  const go = async () => {
    isAtWork = true
    for (const name of waiting) {
      waiting.delete(name)
      await work(name)
    }
    isAtWork = false
  }
  return (name) => {
    waiting.add(name)
    if (!isAtWork) void go()
  }
}

class RoomVisit extends Waiting<News> implements Visit {
  readonly room: string
  person: RoomPerson

  constructor(room: string, person: RoomPerson, onLeave: () => void) {
    super(onLeave)
    this.room = room
    this.person = person
    this.news.set('room', { name: 'room' })
  }

  put(key: string, news: News): void {
    if (this.news.size >= MOST_WAITING) this.startOver()
    // At its place in the order in which things changed last.
    this.news.delete(key)
    this.news.set(key, news)
    this.wake()
  }

  startOver(): void {
    const people = this.news.get('people')
    this.news.clear()
    this.news.set('room', { name: 'room' })
    if (people) this.news.set('people', people)
    this.wake()
  }
}
