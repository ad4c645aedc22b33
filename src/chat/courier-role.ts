// Runs a courier wherever its platform's credentials are: one over all processes is active, another takes over within seconds.
import { cardOf } from '../domain/card.ts'
import type { Log } from '../log.ts'
import { failRequest } from '../queue/cancel.ts'
import type { LeadDeps } from '../queue/lead-on.ts'
import { readCard } from '../store/cards.ts'
import type { Database } from '../store/database.ts'
import { holdLease } from '../store/lease.ts'
import {
  findMessage,
  forgetExpiredTokens,
  forgetToken,
  messageBecomes,
  messageGoesPlain,
  messageIsGone,
  messageIsThere,
  messageShows,
  messagesToShow,
  postBegins,
  postIsRefused,
  postponeEdits,
  takeEdit,
} from '../store/messages.ts'
import { CARD_CHANNEL } from '../store/stages.ts'
import type { Chat } from './chat.ts'
import { Courier, type CourierRecords } from './courier.ts'

/** A courier that is frozen loses its role after this. */
const FROZEN_SECONDS = 6
/** Finds what no notification told of, such as a place in the queue. */
const SWEEP_MS = 5_000
/** Changes that come together are looked at together. */
const GATHER_MS = 100
const RESTART_MS = 1_000
/** Edits under way at a stop may end within this. */
const STOP_MS = 5_000

type Deps = LeadDeps & { db: Database; log: Log; chat: Chat }

export function startCourier(deps: Deps): { stop(): Promise<void> } {
  const leaving = new AbortController()
  const running = (async () => {
    while (!leaving.signal.aborted) {
      try {
        await serve(deps, leaving.signal)
      } catch (error) {
        if (leaving.signal.aborted) return
        deps.log.warn({ err: error }, 'the courier broke off; it starts again')
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
      }
    }
  })()
  return {
    stop: async () => {
      leaving.abort()
      await running
    },
  }
}

/** The name of the lease that the active one holds. */
export function courierLease({ platform, app }: Pick<Chat, 'platform' | 'app'>): string {
  return `sound-forge courier ${platform} ${app}`
}

/** Waits for the role and works until it is lost or `leaving`. */
async function serve(deps: Deps, leaving: AbortSignal): Promise<void> {
  const lost = new AbortController()
  const { chat, db, log } = deps
  const lease = await holdLease(db, courierLease(chat), {
    frozenSeconds: FROZEN_SECONDS,
    signal: leaving,
    onLost: () => lost.abort(),
  })
  try {
    log.info({ platform: chat.platform }, 'the courier is at work')
    await work(deps, lease.prove, AbortSignal.any([lost.signal, leaving]))
  } finally {
    await lease.release()
  }
}

/** Shows what changes until `signal`. */
async function work(deps: Deps, prove: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { db, log, chat } = deps
  let changed: Set<string> | 'all' = 'all'
  let wake = () => {}
  const courier = new Courier({
    chat,
    log,
    prove,
    records: recordsOf(deps),
    nowMs: Date.now,
    onDone: () => wake(),
  })
  const listener = await db.listen(CARD_CHANNEL, (trackId) => {
    if (trackId === '') changed = 'all'
    else if (changed !== 'all') changed.add(trackId)
    wake()
  })
  const sweep = setInterval(() => {
    changed = 'all'
    forgetExpiredTokens(db).catch((error: unknown) => log.warn({ err: error }, 'forgetting tokens'))
    wake()
  }, SWEEP_MS)
  signal.addEventListener('abort', () => wake(), { once: true })
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const what = changed
      changed = new Set()
      try {
        if (what === 'all' || what.size > 0) await courier.look(what === 'all' ? 'all' : [...what])
      } catch (error) {
        changed = 'all'
        log.warn({ err: error }, 'the courier could not look; it looks again')
      }
      const nextMs = courier.pump()
      const timer =
        nextMs === undefined ? undefined : setTimeout(() => wake(), Math.max(0, nextMs - Date.now()))
      await woken
      clearTimeout(timer)
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS))
    }
  } finally {
    clearInterval(sweep)
    await listener.close()
    await Promise.race([courier.idle(), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())])
  }
}

function recordsOf({ db, boss, files, chat }: Deps): CourierRecords {
  return {
    messagesToShow: (trackIds) => messagesToShow(db, chat.platform, chat.app, trackIds),
    findMessage: (requestId) => findMessage(db, requestId),
    async readCard(requestId) {
      const facts = await readCard(db, requestId)
      return facts && cardOf(facts, new Date())
    },
    postBegins: (requestId) => postBegins(db, requestId),
    postIsRefused: (requestId) => postIsRefused(db, requestId),
    messageIsThere: (requestId, messageId, shown) => messageIsThere(db, requestId, messageId, shown),
    messageShows: (requestId, what) => messageShows(db, requestId, what),
    takeEdit: (requestId, gapSeconds, budgets) => takeEdit(db, requestId, gapSeconds, budgets),
    postponeEdits: (message, where, pauseSeconds, gapSeconds) =>
      postponeEdits(db, message, where, pauseSeconds, gapSeconds),
    messageIsGone: (requestId, messageId, state) => messageIsGone(db, requestId, messageId, state),
    messageBecomes: (requestId, state) => messageBecomes(db, requestId, state),
    forgetToken: (requestId) => forgetToken(db, requestId),
    messageGoesPlain: (requestId) => messageGoesPlain(db, requestId),
    failRequest: (requestId, error) => failRequest({ db, boss, files }, requestId, error),
  }
}
