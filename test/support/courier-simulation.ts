// A platform and its database in memory on a clock that a test moves: as strict as Discord about how often messages are edited, so
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

export function simulate(pacing: Pacing, fault: (edit: number) => ChatError | undefined = () => undefined) {
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
      // Discord's own limits as they were seen, not the courier's pacing.
      if (within(`channel ${message.channel}`, 5) > 5) problems.push(`429 in ${message.channel}`)
      const old = nowMs - message.createdAt.getTime() > 3600_000
      if (old && within(`old ${message.channel}`, 6) > 3) problems.push(`30046 in ${message.channel}`)
      if (within('all', 1) > 50) problems.push('429 for all')
      const last = one.edits.at(-1)
      if (last !== undefined && nowMs - last < 5000 - EDIT_MS)
        problems.push(`message edited after ${nowMs - last} ms`)
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
    messageMayBeThere: async () => {},
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
