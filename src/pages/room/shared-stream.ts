// One stream for all tabs of a browser that show a room, as a browser opens only six connections to a server.
// The tab that has the lock has the connection, and passes on what it is told; when it goes, the next one takes its place.
import type { RoomEvents } from '../../chat/room/wire.ts'
import { type Stream, type StreamHandlers, streamOf } from './stream.ts'
import { withMessage, withoutOldest } from './timeline.ts'
import type { Line } from './until-answered.ts'

/** The parts that are told again to a tab that comes later. */
type Known = { room?: RoomEvents['room']; people?: RoomEvents['people'] }
type Event = { [Name in keyof RoomEvents]: { name: Name; data: RoomEvents[Name] } }[keyof RoomEvents]
/** What the tab with the connection tells the others. `here` says no more than that it is not asleep. */
type Told = Event | { name: 'away' } | { name: 'here' }
/** What any other asks of it. */
type Asked = { name: 'ask'; from: string } | { name: 'open' } | { name: 'hurry' }
/** `to` is the one tab that it is for. */
type Passed = (Told & { to?: string }) | Asked | { name: 'notEntered' }

const KEPT = { most: 300, kept: 200 }
/** A tab that does not answer for this long is asleep, as tabs on phones are. */
const ASLEEP_MS = 4_000
/** A tab that is not looked at may have slow clocks: one that is looked at reminds it. */
const REMIND_MS = 10_000

export function sharedStreamOf(
  room: string,
  handlers: StreamHandlers,
): Line & { /** Begins, or begins again. */ open(): void } {
  const back = new EventTarget()
  const heard: StreamHandlers = {
    ...handlers,
    room(data) {
      handlers.room(data)
      back.dispatchEvent(new window.Event('back'))
    },
  }
  // Locks are there only where the page's address is a safe one.
  const canShare = 'locks' in navigator && 'BroadcastChannel' in window
  const stream = canShare ? streamOfTabs(room, heard) : streamOfOwn(room, heard)

  const hurry = () => {
    if (!document.hidden) stream.hurry()
  }
  window.addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
  // A page that is kept for the way back has no connection.
  window.addEventListener('pagehide', () => stream.close())
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) stream.open()
  })
  return { back, open: stream.open, onNotEntered: stream.onNotEntered }
}

type EndingStream = Stream & Pick<Line, 'onNotEntered'>

function streamOfOwn(room: string, handlers: StreamHandlers): EndingStream {
  const stream = streamOf(room, handlers)
  return {
    ...stream,
    onNotEntered() {
      stream.close()
      handlers.onNotEntered()
    },
  }
}

function streamOfTabs(room: string, handlers: StreamHandlers): EndingStream {
  const lock = `room-stream:${room}`
  const self = crypto.randomUUID()
  const stream = streamOf(room, {
    room: (data) => tell({ name: 'room', data }),
    message: (data) => tell({ name: 'message', data }),
    people: (data) => tell({ name: 'people', data }),
    onAway: () => tell({ name: 'away' }),
    onNotEntered: () => {
      pass({ name: 'notEntered' })
      handlers.onNotEntered()
    },
  })
  let channel: BroadcastChannel | undefined
  /** Ends the wait for the lock, or gives it back. */
  let turn: AbortController | undefined
  let isHolder = false
  let isAway = false
  let known: Known = {}
  /** Before it is told of the room, a message has no place there. */
  let isTold = false
  let timer: number | undefined

  function pass(passed: Passed) {
    channel?.postMessage(passed)
  }

  function tell(told: Told) {
    known = knownAfter(known, told)
    pass(told)
    hear(told)
  }

  function hear(told: Told) {
    if (told.name === 'here') return
    if (told.name === 'away') {
      isAway = true
      return handlers.onAway()
    }
    if (told.name === 'room') {
      isAway = false
      isTold = true
      return handlers.room(told.data)
    }
    if (told.name === 'people') return handlers.people(told.data)
    if (isTold) handlers.message(told.data)
  }

  function receive(passed: Passed) {
    if (passed.name === 'notEntered') {
      window.clearTimeout(timer)
      stream.close()
      handlers.onNotEntered()
    } else if (passed.name === 'ask' || passed.name === 'open' || passed.name === 'hurry') {
      if (isHolder) answer(passed)
    } else if (!isHolder && (passed.to ?? self) === self) {
      window.clearTimeout(timer)
      hear(passed)
      if (isAway) timer = window.setTimeout(remind, REMIND_MS)
    }
  }

  function answer(asked: Asked) {
    pass({ name: 'here' })
    if (asked.name === 'open') return stream.open()
    if (asked.name === 'hurry') return stream.hurry()
    const { room, people } = known
    const to = asked.from
    if (room) pass({ name: 'room', data: room, to })
    if (people) pass({ name: 'people', data: people, to })
    if (isAway) pass({ name: 'away', to })
  }

  function ask(asked: Asked) {
    pass(asked)
    window.clearTimeout(timer)
    timer = window.setTimeout(() => {
      if (!isHolder && !document.hidden) void takeTurn({ steal: true })
    }, ASLEEP_MS)
  }

  function remind() {
    if (!document.hidden) ask({ name: 'hurry' })
  }

  async function takeTurn({ steal }: { steal: boolean }) {
    turn?.abort()
    const mine = new AbortController()
    const { signal } = mine
    turn = mine
    try {
      await navigator.locks.request(lock, steal ? { steal } : { signal }, async () => {
        if (signal.aborted) return
        hold()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })
    } catch (error) {
      if (turn !== mine) return
      // There are no locks here after all.
      if (!(error instanceof DOMException && error.name === 'AbortError')) return hold()
      // It was asleep, and another tab has it now.
      letGo()
      void takeTurn({ steal: false })
    }
  }

  function hold() {
    window.clearTimeout(timer)
    isHolder = true
    known = {}
    pass({ name: 'here' })
    stream.open()
  }

  function letGo() {
    isHolder = false
    known = {}
    stream.close()
  }

  return {
    open() {
      if (isHolder) return stream.open()
      if (channel) return ask({ name: 'open' })
      channel = new BroadcastChannel(lock)
      channel.addEventListener('message', ({ data }: MessageEvent<Passed>) => receive(data))
      isTold = false
      void takeTurn({ steal: false })
      ask({ name: 'ask', from: self })
    },
    close() {
      window.clearTimeout(timer)
      letGo()
      turn?.abort()
      turn = undefined
      channel?.close()
      channel = undefined
    },
    hurry() {
      if (isHolder) stream.hurry()
      else if (channel) ask({ name: 'hurry' })
    },
    onNotEntered() {
      window.clearTimeout(timer)
      stream.close()
      pass({ name: 'notEntered' })
      handlers.onNotEntered()
    },
  }
}

function knownAfter(known: Known, told: Told): Known {
  if (told.name === 'room') return { ...known, room: told.data }
  if (told.name === 'people') return { ...known, people: told.data }
  if (told.name !== 'message' || !known.room) return known
  const { messages, hasEarlier } = withoutOldest(withMessage(known.room, told.data), KEPT, () => false)
  return { ...known, room: { ...known.room, messages: [...messages], hasEarlier } }
}
