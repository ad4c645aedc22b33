// Requests as the operator's page shows them: their cards, and where they were asked for.
import { type Card, hasEnded, listNote } from '../../domain/card.ts'
import { type AskedRow, findRequests, readAsked, readGroups } from '../../store/admin.ts'
import type { Queryable } from '../../store/database.ts'
import type { RequestState } from '../../store/requests.ts'
import type { Cards } from './cards.ts'
import type { AdminRequest, Asked, Found, RequestAction, RequestGroup } from './wire.ts'

/** Of each state. */
const MOST_SHOWN = 12
const MOST_FOUND = 25

type Deps = { db: Queryable; cards: Cards }
type Groups = { counts: Record<RequestGroup, number> } & Record<RequestGroup, AdminRequest[]>

/** The newest requests of each state, and how many there are. */
export async function requestGroups(deps: Deps): Promise<Groups> {
  const rows = await readGroups(deps.db, { deliveredSince: midnight(new Date()), limit: MOST_SHOWN })
  const requests = await adminRequests(
    deps,
    rows.flatMap(({ newest }) => newest),
  )
  const byId = new Map(requests.map((request) => [request.id, request]))
  const groupOf = (state: RequestState) => rows.find((row) => row.state === state)
  const shown = (state: RequestState) =>
    (groupOf(state)?.newest ?? []).map((id) => byId.get(id)).filter((request) => request !== undefined)
  const count = (state: RequestState) => groupOf(state)?.count ?? 0
  return {
    counts: {
      working: count('working'),
      ready: count('ready'),
      delivered: count('delivered'),
      failed: count('failed'),
      cancelled: count('cancelled'),
    },
    working: shown('working'),
    ready: shown('ready'),
    delivered: shown('delivered'),
    failed: shown('failed'),
    cancelled: shown('cancelled'),
  }
}

export async function foundRequests(deps: Deps, looked: Parameters<typeof findRequests>[1]): Promise<Found> {
  const ids = await findRequests(deps.db, looked, MOST_FOUND + 1)
  const requests = await adminRequests(deps, ids.slice(0, MOST_FOUND))
  return { requests, hasMore: ids.length > MOST_FOUND }
}

async function adminRequests({ db, cards }: Deps, ids: string[]): Promise<AdminRequest[]> {
  const asked = await readAsked(db, ids)
  return (await cards.read(ids)).flatMap((card) => {
    const row = asked.get(card.id)
    return row ? [adminRequest(card, row)] : []
  })
}

function adminRequest(card: Card, row: AskedRow): AdminRequest {
  const { id, number, state, title, artist, lines, songs, secondsLeft, error, choices } = card
  const ended = songs?.filter((song) => hasEnded(song.state)).length ?? 0
  const waits = choices.length > 0 ? 'Waits until whoever asked chooses which recording it is' : null
  return {
    ...askedOf(row),
    id,
    number,
    state,
    title,
    artist,
    model: row.model,
    endedAt: row.endedAt?.toISOString() ?? null,
    lines,
    songs: songs && { ended, total: songs.length },
    note: waits ?? (songs && listNote(songs)),
    secondsLeft,
    error,
    actions: card.actions.filter((action): action is RequestAction => action !== 'wrong'),
  }
}

export function askedOf({ platform, workspace, channel, person, askedAt }: AskedRow): Asked {
  return { platform, workspace, channel, person, askedAt: askedAt.toISOString() }
}

/** The last one, where this process runs. */
function midnight(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate())
}
