// The courier: makes messages show their requests' cards. It alone writes their text, from the newest state, as often as the
// platform's budget allows; whoever changes a request only changes rows. One is active for a platform's application.
import { type Card, cardDigest, hasEnded } from '../domain/card.ts'
import { Pace, secondsBetweenEdits } from '../domain/pace.ts'
import { ChatError, describeError, ERRORS } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message, MessageState } from '../store/messages.ts'
import type { Chat } from './chat.ts'

/** What the courier reads and writes down; see store/messages.ts. */
export type CourierRecords = {
  messagesToShow(trackIds: string[] | 'all'): Promise<Message[]>
  findMessage(requestId: string): Promise<Message | undefined>
  readCard(requestId: string): Promise<Card | undefined>
  messageIsThere(requestId: string, messageId: string, shown: string | null): Promise<void>
  messageShows(requestId: string, what: { shown: string; last: boolean }): Promise<void>
  takeEdit(requestId: string, gapSeconds: number): Promise<Date | undefined>
  messageBecomes(requestId: string, state: MessageState): Promise<void>
  messageGoesPlain(requestId: string): Promise<void>
  forgetToken(requestId: string): Promise<void>
  /** Ends a request that can be shown nowhere. */
  failRequest(requestId: string, error: { code: string; message: string }): Promise<unknown>
}
export type CourierDeps = {
  chat: Chat
  records: CourierRecords
  log: Log
  /** Asks whether this is still the active courier. @throws when it is not */
  prove: () => Promise<void>
  nowMs: () => number
  /** Called when an edit has ended, as the next may be due. */
  onDone: () => void
}

type Entry = {
  message: Message
  /** The card may differ from what the message shows. */
  dirty: boolean
  busy: Promise<void> | undefined
  /** After a failure, not before this. */
  notBeforeMs: number
  failures: number
}

const EDITS_AT_ONCE = 16
/** Somebody else has taken the turn in between: the rows tell when. */
const TURN_MS = 250
const LONGEST_BACKOFF_MS = 60_000
/** Discord bans an address that goes on with a wrong token. */
const UNAUTHORIZED_PAUSE_MS = 300_000

export class Courier {
  readonly #deps: CourierDeps
  readonly #pace: Pace
  readonly #entries = new Map<string, Entry>()
  #pausedUntilMs = 0

  constructor(deps: CourierDeps) {
    this.#deps = deps
    this.#pace = new Pace(deps.chat.pacing)
  }

  /** These tracks' cards may have changed, or all. */
  async look(trackIds: string[] | 'all'): Promise<void> {
    const found = await this.#deps.records.messagesToShow(trackIds)
    for (const message of found) {
      const entry = this.#entries.get(message.requestId)
      if (entry) Object.assign(entry, { message, dirty: true })
      else
        this.#entries.set(message.requestId, {
          message,
          dirty: true,
          busy: undefined,
          notBeforeMs: 0,
          failures: 0,
        })
    }
    const there = new Set(found.map(({ requestId }) => requestId))
    for (const [requestId, { message, busy }] of this.#entries) {
      const looked = trackIds === 'all' || trackIds.includes(message.trackId)
      if (looked && !busy && !there.has(requestId)) this.#entries.delete(requestId)
    }
    this.#pace.forget(this.#deps.nowMs())
  }

  /** Starts every edit that may be made now, last cards first, then the longest waiting. @returns when the next may be made */
  pump(): number | undefined {
    const nowMs = this.#deps.nowMs()
    const waiting = [...this.#entries.values()]
      .filter((entry) => entry.dirty && !entry.busy)
      .sort((a, b) => Number(endedOf(b)) - Number(endedOf(a)) || sinceMs(a) - sinceMs(b))
    let running = [...this.#entries.values()].filter((entry) => entry.busy).length
    let nextMs: number | undefined
    for (const entry of waiting) {
      const dueMs = this.#dueMs(entry, nowMs)
      if (dueMs > nowMs) nextMs = Math.min(nextMs ?? dueMs, dueMs)
      else if (running < EDITS_AT_ONCE) {
        running++
        entry.dirty = false
        entry.busy = this.#show(entry, this.#pace.reserve(entry.message, nowMs)).finally(() => {
          entry.busy = undefined
          this.#deps.onDone()
        })
      }
    }
    return nextMs
  }

  /** Waits for the edits under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.busy))
  }

  #dueMs({ message, notBeforeMs }: Entry, nowMs: number): number {
    const postAfterMs = message.messageId ? 0 : message.postAfter.getTime()
    return Math.max(this.#pace.mayEditAt(message, nowMs), notBeforeMs, postAfterMs, this.#pausedUntilMs)
  }

  async #show(entry: Entry, release: () => void): Promise<void> {
    const { chat, records, prove, nowMs, log } = this.#deps
    const { requestId } = entry.message
    let card: Card | undefined
    try {
      // Rows, not memory: the gateway or delivery may have written since.
      const message = await records.findMessage(requestId)
      card = message && (await records.readCard(requestId))
      if (!message || !card || message.state === 'closed' || message.state === 'deleted') {
        release()
        this.#entries.delete(requestId)
        return
      }
      entry.message = message
      const shown = cardDigest(card)
      if (message.messageId === null) {
        await prove()
        if (!(await this.#make(message, card))) entry.dirty = true
        entry.failures = 0
        return
      }
      const last = hasEnded(card.state)
      if (shown === message.shown) {
        release()
        if (!last) return
      } else {
        const gapSeconds = secondsBetweenEdits(chat.pacing, message, nowMs())
        const dueMs = message.editedAt ? message.editedAt.getTime() + gapSeconds * 1000 : 0
        // Delivery edits too, when it attaches the files.
        if (dueMs > nowMs()) return this.#again(entry, release, dueMs)
        await prove()
        const editedAt = await records.takeEdit(requestId, gapSeconds)
        if (!editedAt) return this.#again(entry, release, nowMs() + TURN_MS)
        entry.message.editedAt = editedAt
        await chat.edit(message, card)
      }
      await records.messageShows(requestId, { shown, last })
      entry.message.shown = shown
      entry.failures = 0
    } catch (error) {
      await this.#meet(entry, card, error).catch((again: unknown) => {
        log.warn({ err: again, request: requestId }, 'the courier could not write down a failure')
        this.#later(entry)
      })
    }
  }

  /** A message for a request that has none. @returns whether it shows the card already */
  async #make(message: Message, card: Card): Promise<boolean> {
    const { chat, records } = this.#deps
    const found = await chat.find(message)
    if (found === 'deleted') {
      await records.messageBecomes(message.requestId, 'deleted')
      return true
    }
    if (found !== 'absent') {
      await records.messageIsThere(message.requestId, found.id, null)
      return false
    }
    const shown = cardDigest(card)
    const id = await chat.post(message, card)
    // The interaction cannot edit what it did not answer with.
    await records.forgetToken(message.requestId)
    await records.messageIsThere(message.requestId, id, shown)
    if (hasEnded(card.state)) await records.messageShows(message.requestId, { shown, last: true })
    return true
  }

  /** What becomes of a message that could not be written. */
  async #meet(entry: Entry, card: Card | undefined, error: unknown): Promise<void> {
    const { records, log, nowMs } = this.#deps
    const { message } = entry
    const { requestId } = message
    const ended = card !== undefined && hasEnded(card.state)
    const code = error instanceof ChatError ? error.code : 'passing'
    if (code === 'chat_gone' && message.messageId)
      return records.messageBecomes(requestId, ended ? 'closed' : 'deleted')
    if (code === 'chat_gone' || code === 'chat_forbidden') return this.#nowhere(entry, ended)
    if (code === 'chat_busy') {
      this.#pace.block(message.channel, nowMs() + (error as ChatError).retryAfterSeconds * 1000)
      entry.dirty = true
      return
    }
    if (code === 'chat_unauthorized') {
      log.error(ERRORS.chat_unauthorized)
      this.#pausedUntilMs = nowMs() + UNAUTHORIZED_PAUSE_MS
      entry.dirty = true
      return
    }
    if (code === 'chat_unavailable' || code === 'chat_expired' || code === 'passing') {
      log.warn({ err: error, request: requestId }, 'a message could not be written; it is tried again')
      return this.#later(entry)
    }
    // Refused for what it says: once more without the song's own words, then not again until the card changes.
    if (!message.plain) {
      log.warn({ code, request: requestId }, "a card was refused: it goes on without the song's own words")
      await records.messageGoesPlain(requestId)
      entry.dirty = true
      return
    }
    log.error({ err: error, request: requestId }, 'a card was refused even in plain words')
    if (card && message.messageId)
      await records.messageShows(requestId, { shown: cardDigest(card), last: ended })
    else this.#later(entry)
  }

  /** We may not write there. A request without a message ends; one with a message goes on unseen, and its end is told in private. */
  async #nowhere(entry: Entry, ended: boolean): Promise<void> {
    const { chat, records } = this.#deps
    const { message } = entry
    if (message.messageId && !ended) return records.messageBecomes(message.requestId, 'muted')
    const { code, message: sentence } = describeError(new ChatError('chat_forbidden'))
    if (!ended) await records.failRequest(message.requestId, { code, message: sentence })
    await chat.tell(message, `#${message.number}: ${sentence}`)
    await records.messageBecomes(message.requestId, 'closed')
  }

  /** It is not its turn yet. */
  #again(entry: Entry, release: () => void, dueMs: number): void {
    release()
    entry.dirty = true
    entry.notBeforeMs = dueMs
  }

  #later(entry: Entry): void {
    entry.dirty = true
    entry.failures++
    entry.notBeforeMs = this.#deps.nowMs() + Math.min(1000 * 2 ** (entry.failures - 1), LONGEST_BACKOFF_MS)
  }
}

function endedOf({ message }: Entry): boolean {
  return hasEnded(message.requestState)
}

function sinceMs({ message }: Entry): number {
  return (message.editedAt ?? message.createdAt).getTime()
}
