// What a room shows, as its page is told of it.
import { type CardAction, cardOf } from '../../domain/card.ts'
import { PauseError } from '../../errors.ts'
import type { Files } from '../../files/files.ts'
import { readCard } from '../../store/cards.ts'
import type { Database } from '../../store/database.ts'
import type { Shown } from '../../store/room-messages.ts'
import { resultsOf } from '../../web/results/of-request.ts'
import { buttonId } from '../buttons.ts'
import type { RoomCard, RoomMessage } from './wire.ts'

type Deps = { db: Database; files: Files }

const LABELS: Record<CardAction, string> = { cancel: 'Cancel', retry: 'Retry', wrong: 'Wrong song?' }

export async function roomMessage(deps: Deps, shown: Shown): Promise<RoomMessage> {
  const { id, at, personId, personName, text, requestId } = shown
  const about = { id, at: at.toISOString(), person: { id: personId, name: personName } }
  if (requestId === null) return { ...about, kind: 'said', text: text ?? '' }
  return { ...about, kind: 'request', card: await roomCard(deps, requestId) }
}

async function roomCard(deps: Deps, requestId: string): Promise<RoomCard> {
  const facts = await readCard(deps.db, requestId)
  if (!facts) throw new Error(`there is no request ${requestId}`)
  const { person: _person, coverUrl: _coverUrl, link: _link, actions, ...card } = cardOf(facts, new Date())
  // What there is of a list hangs on its songs.
  const results =
    card.state === 'delivered' && card.songs === null ? await filesOf(deps, requestId) : undefined
  return {
    ...card,
    buttons: actions.map((action) => ({
      button: buttonId(action, requestId),
      action,
      label: LABELS[action],
    })),
    chooser: buttonId('choose', requestId),
    cover: results?.cover ?? null,
    stems: results?.stems ?? [],
    zip: results?.zip ?? null,
    page: results?.page ?? null,
  }
}

/** A room can be read while its files are away. */
function filesOf(deps: Deps, requestId: string): ReturnType<typeof resultsOf> {
  return resultsOf(deps, requestId).catch((error: unknown) => {
    if (error instanceof PauseError) return undefined
    throw error
  })
}
