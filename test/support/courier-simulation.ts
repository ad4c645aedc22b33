// A platform and its database in memory on a clock that a test moves: as strict as the real one about how often messages are edited, so
// that the real courier can be driven through hours in seconds.
import type { Chat } from '../../src/chat/chat.ts'
import { Courier, type CourierRecords } from '../../src/chat/courier.ts'
import { type Card, cardDigest, hasEnded } from '../../src/domain/card.ts'
import type { Pacing } from '../../src/domain/pace.ts'
import type { ChatError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import type { Message } from '../../src/store/messages.ts'

const EDIT_MS = 200

export type Shown = {
  message: Message
  card: Card
  edits: number[]
  staleSinceMs: number | undefined
  worstMs: number
}

/** What a platform has against an edit, by its own limits as they were seen, not by the courier's pacing. */
export type Limits = (edit: {
  message: Message
  isOld: boolean
  /** Of the same message. */
  sinceLastMs: number
  /** Edits counted under this key within so many seconds, this one included. */
  within: (key: string, seconds: number) => number
}) => (string | false)[]

export const DISCORD_LIMITS: Limits = ({ message, isOld, sinceLastMs, within }) => [
  within(`channel ${message.channel}`, 5) > 5 && `429 in ${message.channel}`,
  isOld && within(`old ${message.channel}`, 6) > 3 && `30046 in ${message.channel}`,
  within('all', 1) > 50 && '429 for all',
  sinceLastMs < 5000 - EDIT_MS && `message edited after ${sinceLastMs} ms`,
]

/** Slack says 429 after 50; the other ten are for other processes. */
export const SLACK_LIMITS: Limits = ({ message, sinceLastMs, within }) => [
  within(message.workspace, 60) > 40 && `more than 40 a minute in ${message.workspace}`,
  sinceLastMs < 4000 - EDIT_MS && `message edited after ${sinceLastMs} ms`,
]

export function simulate(
  pacing: Pacing,
  limits: Limits,
  fault: (edit: number) => ChatError | undefined = () => undefined,
) {
  let nowMs = 0
  const requests = new Map<string, Shown>()
  const problems: string[] = []
  const inFlight: { atMs: number; end: () => void }[] = []
  const editsIn = new Map<string, number[]>()
  let count = 0

  const within = (key: string, seconds: number) => {
    const recent = (editsIn.get(key) ?? []).filter((atMs) => atMs > nowMs - seconds * 1000)
    editsIn.set(key, [...recent, nowMs])
    return recent.length + 1
  }
  const chat = {
    platform: 'simulated',
    app: 'app',
    pacing,
    async edit(message: Message, card: Card) {
      await new Promise<void>((resolve) => inFlight.push({ atMs: nowMs + EDIT_MS, end: resolve }))
      const one = requests.get(message.requestId)
      if (!one) throw new Error('no such message')
      const isOld = nowMs - message.createdAt.getTime() > 3600_000
      const sinceLastMs = nowMs - (one.edits.at(-1) ?? Number.NEGATIVE_INFINITY)
      problems.push(...limits({ message, isOld, sinceLastMs, within }).filter((problem) => problem !== false))
      const error = fault(++count)
      if (error) throw error
      if (one.message.shown === cardDigest(card)) problems.push(`edited in vain: ${message.requestId}`)
      one.edits.push(nowMs)
    },
  } as unknown as Chat

  const records: CourierRecords = {
    messagesToShow: async (trackIds) =>
      [...requests.values()]
        .map(({ message, card }) => ({ ...message, requestState: card.state }))
        .filter(
          ({ state, trackId }) => state === 'open' && (trackIds === 'all' || trackIds.includes(trackId)),
        ),
    findMessage: async (requestId) => structuredClone(requests.get(requestId)?.message),
    readCard: async (requestId) => structuredClone(requests.get(requestId)?.card),
    postBegins: async () => {},
    postIsRefused: async () => {},
    messageIsThere: async () => {},
    async takeEdit(requestId, gapSeconds) {
      // A channel's budget is the courier's own here: no delivery edits beside it.
      const one = requests.get(requestId)
      const last = one?.message.editedAt?.getTime() ?? Number.NEGATIVE_INFINITY
      if (!one || last > nowMs - gapSeconds * 1000) return undefined
      one.message.editedAt = new Date(nowMs)
      return one.message.editedAt
    },
    postponeEdits: async () => {},
    messageIsGone: async () => {},
    async messageShows(requestId, { shown, state }) {
      const one = requests.get(requestId)
      if (!one) return
      one.message.shown = shown
      if (hasEnded(state) && one.card.state === state) one.message.state = 'closed'
      one.staleSinceMs = cardDigest(one.card) === shown ? undefined : nowMs
    },
    messageBecomes: async (requestId, state) => {
      Object.assign(requests.get(requestId)?.message ?? {}, { state })
    },
    messageGoesPlain: async () => {},
    forgetToken: async () => {},
    failRequest: async () => {},
  }
  const courier = new Courier({
    chat,
    records,
    log: createLog('silent'),
    prove: async () => {},
    nowMs: () => nowMs,
    onDone: () => {},
  })

  return {
    requests,
    problems,
    edits: () => count,
    add(message: Message, card: Card) {
      requests.set(message.requestId, { message, card, edits: [], staleSinceMs: 0, worstMs: 0 })
    },
    change(requestId: string, change: Partial<Card>) {
      const one = requests.get(requestId)
      if (!one) return
      Object.assign(one.card, change)
      if (one.staleSinceMs === undefined && cardDigest(one.card) !== one.message.shown)
        one.staleSinceMs = nowMs
    },
    /** Moves the clock and lets the courier see what changed meanwhile. */
    async step(ms: number, changed: string[] | 'all') {
      nowMs += ms
      for (const edit of inFlight.splice(0)) edit.atMs <= nowMs ? edit.end() : inFlight.push(edit)
      await settled()
      await courier.look(changed)
      courier.pump()
      await settled()
      for (const one of requests.values())
        if (one.staleSinceMs !== undefined) one.worstMs = Math.max(one.worstMs, nowMs - one.staleSinceMs)
    },
  }
}

/** Everything that needs no time has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
