// Shows a request's card until it is ready or has ended.
import logUpdate from 'log-update'
import { type Card, cardOf } from '../../domain/card.ts'
import { readCard } from '../../store/cards.ts'
import { type Database, isPassing } from '../../store/database.ts'
import { CARD_CHANNEL } from '../../store/stages.ts'
import { plainLines, renderCard } from './render.ts'
import { linesOf, type TerminalEvents } from './tell.ts'

export type Look = 'live' | 'plain' | 'json'
export type Screen = {
  show(card: Card): void
  pause(paused: boolean): void
  line(text: string): void
  event<Name extends keyof TerminalEvents>(name: Name, event: TerminalEvents[Name]): void
  end(): void
}

/** Clears up time left and a missed notification. */
const TICK_MS = 1000
/** How long the card waits for a database that has gone away. */
const AWAY_SECONDS = 60

export function openScreen(look: Look): Screen {
  let before: Card | undefined
  let paused = false
  return {
    show(card) {
      if (look === 'live' && !paused) logUpdate(renderCard(card, process.stdout.columns - 1).join('\n'))
      if (look === 'plain') for (const line of plainLines(card, before)) console.log(line)
      if (look === 'json' && JSON.stringify(card) !== JSON.stringify(before))
        console.log(JSON.stringify({ event: 'card', ...card }))
      before = card
    },
    pause(next) {
      paused = next
      if (look === 'live' && paused) logUpdate.done()
    },
    line(text) {
      if (look !== 'json') console.error(text)
    },
    event(name, event) {
      if (look === 'json') console.log(JSON.stringify({ event: name, ...event }))
      else {
        if (look === 'live') logUpdate.done()
        for (const line of linesOf(name, event)) console.log(line)
      }
    },
    end() {
      if (look === 'live') logUpdate.done()
    },
  }
}

/**
 * @param onCard is waited for after each card
 * @returns the card that ended the wait: ready, delivered, failed, cancelled, or one that asks; undefined when `signal` ended it
 */
export async function watchRequest(
  db: Database,
  requestId: string,
  screen: Screen,
  signal: AbortSignal,
  onCard: (card: Card) => Promise<void>,
): Promise<Card | undefined> {
  let wake = () => {}
  let tick: NodeJS.Timeout | undefined
  let trackId: string | undefined
  let isList = false
  const listener = await db.listen(CARD_CHANNEL, (payload) => {
    if (payload === '' || payload === trackId || isList) wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  let awaySince: number | undefined
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
        clearTimeout(tick)
        tick = setTimeout(resolve, TICK_MS)
      })
      try {
        const facts = await readCard(db, requestId)
        if (!facts) throw new Error('the request is gone')
        trackId = facts.trackId
        const card = cardOf(facts, new Date())
        isList = card.songs !== null
        screen.show(card)
        await onCard(card)
        if (card.state !== 'working' || card.choices.length > 0) return card
        if (awaySince) screen.line('The database is back.')
        awaySince = undefined
      } catch (error) {
        if (!isPassing(error)) throw error
        if (!awaySince) screen.line('The database is away; waiting for it.')
        awaySince ??= Date.now()
        if (Date.now() - awaySince > AWAY_SECONDS * 1000) throw error
      }
      await woken
    }
    return undefined
  } finally {
    clearTimeout(tick)
    await listener.close()
  }
}
