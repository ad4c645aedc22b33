// How often messages may be edited: a budget a message, a channel, a workspace and an application. Pure; the caller has the clock.

/** At most `edits` within any `seconds`. */
export type Budget = { edits: number; seconds: number }
export type Pacing = {
  /** From a message to its first edit, so that it may show at once what was there already. */
  firstSeconds: number
  /** Between two edits of one message. */
  messageSeconds: number
  channel: Budget
  workspace: Budget | null
  app: Budget
  /** For messages that are `afterSeconds` old, where a platform lets them be edited less often. */
  old: { afterSeconds: number; messageSeconds: number; channel: Budget } | null
}
export type Paced = {
  /** Null before it is posted: a post is no edit, and counts in its channel alone. */
  messageId: string | null
  channel: string
  workspace: string
  createdAt: Date
  editedAt: Date | null
}

export class Pace {
  readonly #pacing: Pacing
  /** Times of edits in ms, oldest first, by what they are counted for. */
  readonly #edits = new Map<string, number[]>()
  /** By `channel …` or `workspace …`. */
  readonly #blockedUntil = new Map<string, number>()

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  /** When this message may next be edited, in ms of the caller's clock; now when at once. */
  mayEditAt(message: Paced, nowMs: number): number {
    let atMs = nowMs
    for (const { key, budget } of this.#budgetsOf(message, nowMs)) {
      const counted = this.#recent(key, nowMs - budget.seconds * 1000)
      const first = counted[counted.length - budget.edits]
      if (first !== undefined) atMs = Math.max(atMs, first + budget.seconds * 1000)
    }
    const { createdAt, editedAt } = message
    const sinceMs = (editedAt ?? createdAt).getTime()
    const seconds = editedAt ? secondsBetweenEdits(this.#pacing, message, nowMs) : this.#pacing.firstSeconds
    atMs = Math.max(atMs, sinceMs + seconds * 1000)
    const blocks = [`channel ${message.channel}`, `workspace ${message.workspace}`]
    return Math.max(atMs, ...blocks.map((key) => this.#blockedUntil.get(key) ?? 0))
  }

  /** Counts an edit that is about to be made. @returns takes it back, when it turned out to be needless */
  reserve(message: Paced, nowMs: number): () => void {
    const keys = this.#budgetsOf(message, nowMs).map(({ key }) => key)
    for (const key of keys) this.#edits.set(key, [...(this.#edits.get(key) ?? []), nowMs])
    return () => {
      for (const key of keys) {
        const times = this.#edits.get(key) ?? []
        const index = times.lastIndexOf(nowMs)
        if (index >= 0) times.splice(index, 1)
      }
    }
  }

  /** The platform asked for a pause in this channel, or in the whole workspace. */
  block(message: Paced, where: 'channel' | 'workspace', untilMs: number): void {
    this.#blockedUntil.set(`${where} ${message[where]}`, untilMs)
  }

  /** Forgets what no budget counts any more. */
  forget(nowMs: number): void {
    const { channel, workspace, app, old } = this.#pacing
    const longest = Math.max(channel.seconds, workspace?.seconds ?? 0, app.seconds, old?.channel.seconds ?? 0)
    for (const key of [...this.#edits.keys()]) this.#recent(key, nowMs - longest * 1000)
    for (const [key, untilMs] of this.#blockedUntil) if (untilMs <= nowMs) this.#blockedUntil.delete(key)
  }

  #budgetsOf(message: Paced, nowMs: number): { key: string; budget: Budget }[] {
    const { channel, workspace, app, old } = this.#pacing
    return [
      { key: `channel ${message.channel}`, budget: channel },
      ...(old && isOld(message.createdAt, nowMs, old.afterSeconds)
        ? [{ key: `old ${message.channel}`, budget: old.channel }]
        : []),
      ...(workspace && message.messageId !== null
        ? [{ key: `workspace ${message.workspace}`, budget: workspace }]
        : []),
      { key: 'app', budget: app },
    ]
  }

  #recent(key: string, sinceMs: number): number[] {
    const times = (this.#edits.get(key) ?? []).filter((time) => time > sinceMs)
    if (times.length > 0) this.#edits.set(key, times)
    else this.#edits.delete(key)
    return times
  }
}

/** The pause that one message needs between two edits, whoever makes them. */
export function secondsBetweenEdits(
  { old, messageSeconds }: Pacing,
  { createdAt }: Pick<Paced, 'createdAt'>,
  nowMs: number,
): number {
  return old && isOld(createdAt, nowMs, old.afterSeconds) ? old.messageSeconds : messageSeconds
}

/** What a channel takes, for a message of this age. */
export function channelBudget(
  { old, channel }: Pacing,
  { createdAt }: Pick<Paced, 'createdAt'>,
  nowMs: number,
): Budget {
  return old && isOld(createdAt, nowMs, old.afterSeconds) ? old.channel : channel
}

function isOld(createdAt: Date, nowMs: number, afterSeconds: number): boolean {
  return nowMs - createdAt.getTime() >= afterSeconds * 1000
}
