// Cards that are shown again and again: read anew only when their track has changed.
import { type Card, cardOf } from '../../domain/card.ts'
import { readCard } from '../../store/cards.ts'
import type { Queryable } from '../../store/database.ts'

export type Cards = {
  /** Those of requests that are no more are left out. What is not asked for this time is forgotten. */
  read(ids: readonly string[]): Promise<Card[]>
  /** Cards of this track may have changed. */
  forgetTrack(trackId: string): void
  /** Places in queues have changed, of which nobody tells. */
  forgetOpen(): void
  forgetAll(): void
}

type Known = { card: Card; trackId: string }

export function openCards(db: Queryable): Cards {
  const known = new Map<string, Known>()
  let changes = 0
  const forget = (is: (one: Known) => boolean) => {
    changes++
    for (const [id, one] of known) if (is(one)) known.delete(id)
  }
  const readOne = async (id: string): Promise<Card | undefined> => {
    const there = known.get(id)
    if (there) return there.card
    const before = changes
    const facts = await readCard(db, id)
    if (!facts) return undefined
    const card = cardOf(facts, new Date())
    // What changed while it was read is read once more the next time.
    if (changes === before) known.set(id, { card, trackId: facts.trackId })
    return card
  }
  return {
    async read(ids) {
      const wanted = new Set(ids)
      for (const id of known.keys()) if (!wanted.has(id)) known.delete(id)
      const cards: Card[] = []
      for (const id of wanted) {
        const card = await readOne(id)
        if (card) cards.push(card)
      }
      return cards
    },
    forgetTrack: (id) => forget(({ trackId }) => trackId === id),
    forgetOpen: () => forget(({ card: { state } }) => state === 'working' || state === 'ready'),
    forgetAll: () => forget(() => true),
  }
}
