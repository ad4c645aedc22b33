// The claim: one transaction that decides whether a command starts the work, joins work that runs, is answered from kept
// stems, or is the same command given twice.
import type { CardFacts } from '../domain/card.ts'
import { chooseModel } from '../domain/model.ts'
import type { Delivered } from '../domain/packing.ts'
import type { Source } from '../domain/source.ts'
import { UserError } from '../errors.ts'
import { readCard } from '../store/cards.ts'
import type { Database, Queryable } from '../store/database.ts'
import { insertMessage, type NewMessage } from '../store/messages.ts'
import {
  type Asked,
  countOpenRequests,
  findSameRequest,
  type Interaction,
  insertRequest,
  type Request,
  requestOfInteraction,
  saveInteraction,
} from '../store/requests.ts'
import { claimSeparation } from '../store/separations.ts'
import { findResult } from '../store/stages.ts'
import { listWorkers } from '../store/workers.ts'
import { linkTo, traceparentNow } from '../telemetry/spans.ts'
import { assertMayAsk } from './circuit.ts'
import { claimLed, type LeadDeps, lookAnew } from './lead-on.ts'
import { SAME_COMMAND_SECONDS } from './queues.ts'
import { linkToOthers } from './request-trace.ts'
import { settleTrack } from './settle.ts'
import { startAnew } from './start-anew.ts'

type Claim = {
  interaction: Interaction
  source: Source
  asked: Asked
  /** False for /analyze. */
  separate: boolean
  /** A terminal has no message to link to: the same command given again takes up its own open request, however old. */
  resumes: boolean
  /** What was asked before counts no more. */
  anew?: boolean
  /** How a chat platform will show the request. */
  message: NewMessage | null
  /** Requests that one person may have under way. */
  maxOpenRequests: number
}
/**
 * `again`: this very interaction was saved before. `same`: the person has asked for this already.
 * `facts`: of a new one's card, so that showing it waits for no other connection.
 */
export type Claimed = { request: Request; standing: 'new' | 'again' | 'same'; facts?: CardFacts | undefined }

/** @throws UserError `too_many_requests`, `unknown_model` or `spotify_rate_limited` */
export async function claim(deps: LeadDeps & { db: Database }, wish: Claim): Promise<Claimed> {
  const { interaction, source, asked } = wish
  return deps.db.transaction(async (tx) => {
    const { id: interactionId, isNew } = await saveInteraction(tx, interaction)
    const again = isNew ? undefined : await requestOfInteraction(tx, interactionId)
    if (again) {
      linkTo(again.traceparent)
      return { request: again, standing: 'again' }
    }
    const { track, match } = await claimLed(tx, deps, source)
    const song = { trackId: track.id, key: source.key }
    const same = await findSameRequest(tx, interaction, asked, song, {
      separate: wish.separate,
      withinSeconds: SAME_COMMAND_SECONDS,
      openOfAnyAge: wish.resumes,
    })
    if (same && !wish.anew && (await outcomeIsThere(tx, deps.files, same))) {
      linkTo(same.traceparent)
      return { request: same, standing: 'same' }
    }
    if ((await countOpenRequests(tx, interaction)) >= wish.maxOpenRequests)
      throw new UserError('too_many_requests')
    await lookAnew(tx, track.id)
    await assertMayAsk(tx, track)

    let separationId: string | null = null
    if (wish.separate) {
      const loadable = (await listWorkers(tx)).flatMap((worker) => worker.models)
      const { model, weights } = chooseModel(asked.model, loadable)
      separationId = (await claimSeparation(tx, track.id, model, weights)).id
    }
    await startAnew(tx, deps, track.id, [track.id, separationId])
    const request = await insertRequest(tx, interactionId, interaction, asked, {
      trackId: track.id,
      separationId,
      match,
      named: source,
      traceparent: traceparentNow(),
    })
    await linkToOthers(tx, request)
    if (wish.message) await insertMessage(tx, request.id, interaction, wish.message)
    await settleTrack(tx, deps, track.id)
    return { request, standing: 'new', facts: wish.message ? await readCard(tx, request.id) : undefined }
  })
}

/** A request that ended well counts as the answer only while its files are there. */
async function outcomeIsThere(tx: Queryable, files: LeadDeps['files'], request: Request): Promise<boolean> {
  if (request.state === 'working') return true
  const delivery = await findResult(tx, request.id, 'delivery')
  if (!delivery) return false
  // Deliveries of before there were pages have no `player`.
  const { stems, player = [], analysis } = delivery.result as Delivered
  const named = [...[...stems, ...player].map(({ file }) => file), ...(analysis ? [analysis] : [])]
  return (await Promise.all(named.map((file) => files.has(file)))).every(Boolean)
}
