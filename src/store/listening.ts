// LISTEN for all channels of a process over one session: opened for the first of them, ended with the last, and opened again when it is lost.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

type Heard = (payload: string) => void
export type Listening = {
  /** Calls `heard` for each notification, and with '' after every (re)connection, when some may have been missed. */
  listen(channel: string, heard: Heard): Promise<{ close(): Promise<void> }>
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000

export function createListening(openSession: () => Promise<pg.Client>): Listening {
  const channels = new Map<string, Set<Heard>>()
  let session: pg.Client | undefined
  let turn: Promise<unknown> = Promise.resolve()
  /** One after the other, so that there is never a second session. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  const open = async () => {
    const opened = await openSession()
    opened.on('notification', ({ channel, payload = '' }) => {
      for (const heard of channels.get(channel) ?? []) heard(payload)
    })
    try {
      for (const channel of channels.keys()) await opened.query(say('listen', channel))
    } catch (error) {
      await opened.end().catch(() => {})
      throw error
    }
    opened.once('end', () => {
      if (session !== opened) return
      session = undefined
      void reopen()
    })
    session = opened
  }
  const reopen = async () => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await inTurn(async () => {
          if (!session && channels.size > 0) await open()
        })
        for (const all of channels.values()) for (const heard of all) heard('')
        return
      } catch {
        await sleep(pauseMs)
      }
    }
  }
  const leave = async (channel: string, heard: Heard) => {
    const others = channels.get(channel)
    others?.delete(heard)
    if (others && others.size > 0) return
    channels.delete(channel)
    const left = session
    if (channels.size > 0) await left?.query(say('unlisten', channel))
    else {
      session = undefined
      await left?.end()
    }
  }

  return {
    async listen(channel, heard) {
      await inTurn(async () => {
        const others = channels.get(channel)
        channels.set(channel, (others ?? new Set()).add(heard))
        try {
          // Whoever is the first to listen sees that it failed.
          if (!session) await open()
          else if (!others) await session.query(say('listen', channel))
        } catch (error) {
          await leave(channel, heard).catch(() => {})
          throw error
        }
      })
      heard('')
      return { close: () => inTurn(() => leave(channel, heard)).catch(() => {}) }
    },
  }
}

function say(what: 'listen' | 'unlisten', channel: string): string {
  return `${what} ${pg.escapeIdentifier(channel)}`
}
