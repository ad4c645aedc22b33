// The courier: makes messages show their requests' cards. It alone writes their text, from the newest state, as often as the
// platform's budget allows; whoever changes a request only changes rows. One is active for a platform's application.
import { type Card, cardDigest, hasEnded } from '../domain/card.ts'
import { type Budget, channelBudget, Pace, secondsBetweenEdits } from '../domain/pace.ts'
import { ChatError, describeError, ERRORS } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Message, MessageState } from '../store/messages.ts'
import type { RequestState } from '../store/requests.ts'
import { emit } from '../telemetry/events.ts'
import type { Chat } from './chat.ts'

/** What the courier reads and writes down; see store/messages.ts. */
export type CourierRecords = {
  messagesToShow(trackIds: string[] | 'all'): Promise<Message[]>
  findMessage(requestId: string): Promise<Message | undefined>
  readCard(requestId: string): Promise<Card | undefined>
  postBegins(requestId: string): Promise<void>
  postIsRefused(requestId: string): Promise<void>
  messageIsThere(requestId: string, messageId: string, shown: string | null): Promise<void>
  takeEdit(
    requestId: string,
    gapSeconds: number,
    budgets: { channel: Budget; workspace: Budget | null },
  ): Promise<Date | undefined>
  postponeEdits(
    message: Message,
    where: 'channel' | 'workspace' | 'everywhere',
    pauseSeconds: number,
    gapSeconds: number,
  ): Promise<void>
  messageShows(requestId: string, what: { shown: string; state: RequestState }): Promise<void>
  messageIsGone(requestId: string, messageId: string | null, state: 'deleted' | 'closed'): Promise<void>
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
  /** When that was first heard. */
  dirtySinceMs: number | undefined
  busy: Promise<void> | undefined
  /** After a failure, or when it was not its turn, not before this. */
  notBeforeMs: number
  /** Without a message not before this: its gateway may still answer. */
  postAtMs: number
  failures: number
}

/** What became of a try to show a card; `nothing`: there was nothing to write. */
type Outcome = 'edited' | 'posted' | 'nothing' | 'later' | 'busy' | 'failed'

const EDITS_AT_ONCE = 16
/** Somebody else has taken the turn in between: the rows tell when. */
const TURN_MS = 250
/** Whether a post in doubt is there is looked for this often. */
const DOUBT_LOOK_MS = 6_000
const STALE_MS = 60_000
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
    const nowMs = this.#deps.nowMs()
    for (const message of found) {
      const entry = this.#entries.get(message.requestId)
      const dirtySinceMs = entry?.dirtySinceMs ?? nowMs
      const fresh = { message, dirty: true, dirtySinceMs, postAtMs: nowMs + message.postInMs }
      if (entry) Object.assign(entry, fresh)
      else this.#entries.set(message.requestId, { ...fresh, busy: undefined, notBeforeMs: 0, failures: 0 })
    }
    const there = new Set(found.map(({ requestId }) => requestId))
    for (const [requestId, { message, busy }] of this.#entries) {
      const looked = trackIds === 'all' || trackIds.includes(message.trackId)
      if (looked && !busy && !there.has(requestId)) this.#entries.delete(requestId)
    }
    this.#pace.forget(nowMs)
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
        entry.busy = this.#showAndTell(entry, this.#pace.reserve(entry.message, nowMs)).finally(() => {
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

  #dueMs({ message, notBeforeMs, postAtMs }: Entry, nowMs: number): number {
    const thereMs = message.messageId ? 0 : postAtMs
    return Math.max(this.#pace.mayEditAt(message, nowMs), notBeforeMs, thereMs, this.#pausedUntilMs)
  }

  /** Tries it, and tells how it went. */
  async #showAndTell(entry: Entry, release: () => void): Promise<void> {
    const { chat, nowMs } = this.#deps
    const { platform } = chat
    const sinceMs = entry.dirtySinceMs ?? nowMs()
    // What changes from here on may come too late for this edit.
    entry.dirtySinceMs = undefined
    const outcome = await this.#show(entry, release)
    if (outcome === 'edited' || outcome === 'posted')
      emit('courier:edit', { platform, outcome, lagMs: nowMs() - sinceMs })
    else if (entry.dirty && outcome !== 'nothing') entry.dirtySinceMs = sinceMs
    if (outcome === 'busy' || outcome === 'failed') emit('courier:edit', { platform, outcome })
  }

  async #show(entry: Entry, release: () => void): Promise<Outcome> {
    const { records, prove, nowMs, log } = this.#deps
    const { requestId } = entry.message
    let card: Card | undefined
    try {
      // Rows, not memory: the gateway or delivery may have written since.
      const message = await records.findMessage(requestId)
      card = message && (await records.readCard(requestId))
      if (!message || !card || message.state === 'closed' || message.state === 'deleted') {
        release()
        this.#entries.delete(requestId)
        return 'nothing'
      }
      entry.message = message
      const shown = cardDigest(card)
      if (message.messageId === null) {
        if (message.postInMs > 0) return this.#again(entry, release, nowMs() + message.postInMs)
        await prove()
        const inMs = await this.#make(message, card)
        entry.failures = 0
        return inMs === undefined ? 'posted' : this.#again(entry, () => {}, nowMs() + inMs)
      }
      let outcome: Outcome = 'nothing'
      if (shown === message.shown && !isStale(card, message, nowMs())) {
        release()
        if (!hasEnded(card.state)) return 'nothing'
      } else {
        const dueMs = await this.#edit(message, card)
        if (dueMs !== undefined) return this.#again(entry, release, dueMs)
        outcome = 'edited'
      }
      await records.messageShows(requestId, { shown, state: card.state })
      entry.message.shown = shown
      entry.failures = 0
      return outcome
    } catch (error) {
      await this.#meet(entry, card, error).catch((again: unknown) => {
        log.warn({ err: again, request: requestId }, 'the courier could not write down a failure')
        this.#later(entry)
      })
      const code = error instanceof ChatError ? error.code : undefined
      // That a person has deleted a message is no failure.
      if (code === 'chat_gone') return 'nothing'
      return code === 'chat_busy' ? 'busy' : 'failed'
    }
  }

  /** Takes the turn at editing, and edits. @returns when to try again, where it is another's turn */
  async #edit(message: Message, card: Card): Promise<number | undefined> {
    const { chat, records, prove, nowMs } = this.#deps
    const gapSeconds = secondsBetweenEdits(chat.pacing, message, nowMs())
    const dueMs = message.editedAt ? message.editedAt.getTime() + gapSeconds * 1000 : 0
    // Delivery edits too, when it attaches the files.
    if (dueMs > nowMs()) return dueMs
    await prove()
    const { workspace } = chat.pacing
    const channel = channelBudget(chat.pacing, message, nowMs())
    const editedAt = await records.takeEdit(message.requestId, gapSeconds, { channel, workspace })
    if (!editedAt) return nowMs() + TURN_MS
    message.editedAt = editedAt
    await chat.edit(message, card)
    return undefined
  }

  /** A message for a request that has none. @returns in how many ms it is to be looked at again; undefined when it shows the card */
  async #make(message: Message, card: Card): Promise<number | undefined> {
    const { chat, records } = this.#deps
    const { postBegunForMs } = message
    if (postBegunForMs !== null) {
      const found = await chat.find(message)
      if (found !== 'absent') {
        await records.messageIsThere(message.requestId, found.id, null)
        return 0
      }
      const doubtMs = chat.doubtSeconds * 1000 - postBegunForMs
      if (doubtMs > 0) return Math.min(doubtMs, DOUBT_LOOK_MS)
    }
    const shown = cardDigest(card)
    await records.postBegins(message.requestId)
    const id = await chat.post(message, card).catch(async (error: unknown) => {
      if (error instanceof ChatError && error.code !== 'chat_unavailable')
        await records.postIsRefused(message.requestId)
      throw error
    })
    if (chat.tokenEdits) await records.forgetToken(message.requestId)
    await records.messageIsThere(message.requestId, id, shown)
    if (hasEnded(card.state)) await records.messageShows(message.requestId, { shown, state: card.state })
    return undefined
  }

  /** What becomes of a message that could not be written. */
  async #meet(entry: Entry, card: Card | undefined, error: unknown): Promise<void> {
    const { chat, records, log, nowMs } = this.#deps
    const { message } = entry
    const { requestId } = message
    const ended = card !== undefined && hasEnded(card.state)
    const code = error instanceof ChatError ? error.code : 'passing'
    if (code === 'chat_gone')
      return records.messageIsGone(requestId, message.messageId, ended ? 'closed' : 'deleted')
    if (error instanceof ChatError && code === 'chat_forbidden') return this.#nowhere(entry, card, error)
    if (error instanceof ChatError && code === 'chat_busy') {
      const { retryAfterSeconds, pauses } = error
      const untilMs = nowMs() + retryAfterSeconds * 1000
      entry.dirty = true
      entry.notBeforeMs = untilMs
      if (pauses === 'call') return
      const gapSeconds = secondsBetweenEdits(chat.pacing, message, nowMs())
      await records.postponeEdits(message, pauses, retryAfterSeconds, gapSeconds)
      this.#pace.block(message, pauses === 'workspace' ? 'workspace' : 'channel', untilMs)
      return
    }
    if (error instanceof ChatError && code === 'chat_unauthorized') {
      log.error(ERRORS.chat_unauthorized)
      this.#pausedUntilMs = nowMs() + UNAUTHORIZED_PAUSE_MS
      // Nobody sees that anything is done: better nothing is.
      if (!message.messageId) return this.#nowhere(entry, card, error)
      entry.dirty = true
      return
    }
    if (code === 'chat_uneditable') return records.messageBecomes(requestId, ended ? 'closed' : 'muted')
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
      await records.messageShows(requestId, { shown: cardDigest(card), state: card.state })
    else this.#later(entry)
  }

  /** We may not write there. A request without a message ends; one with a message goes on unseen, and a bad end is told in private. */
  async #nowhere({ message }: Entry, card: Card | undefined, why: ChatError): Promise<void> {
    const { chat, records } = this.#deps
    const { requestId, number, messageId } = message
    const ended = card !== undefined && hasEnded(card.state)
    if (messageId && !ended) return records.messageBecomes(requestId, 'muted')
    const { code, message: sentence } = describeError(why)
    if (!ended) await records.failRequest(requestId, { code, message: sentence })
    if (!ended || card.state === 'failed')
      await chat.tell(message, `#${number}: ${card?.error?.message ?? sentence}`)
    await records.messageBecomes(requestId, 'closed')
  }

  /** It is not its turn yet. */
  #again(entry: Entry, release: () => void, dueMs: number): Outcome {
    release()
    entry.dirty = true
    entry.notBeforeMs = dueMs
    return 'later'
  }

  #later(entry: Entry): void {
    entry.dirty = true
    entry.failures++
    entry.notBeforeMs = this.#deps.nowMs() + Math.min(1000 * 2 ** (entry.failures - 1), LONGEST_BACKOFF_MS)
  }
}

/** The time left that a message shows goes by, while its card may stay the same. */
function isStale({ secondsLeft }: Card, { editedAt, createdAt }: Message, nowMs: number): boolean {
  return secondsLeft !== null && nowMs - (editedAt ?? createdAt).getTime() > STALE_MS
}

function endedOf({ message }: Entry): boolean {
  return hasEnded(message.requestState)
}

function sinceMs({ message }: Entry): number {
  return (message.editedAt ?? message.createdAt).getTime()
}
