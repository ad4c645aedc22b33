// Which trace a request's jobs belong to: that of the command which set it going last. docs/tracing.md
import type { Queryable } from '../store/database.ts'
import { type Request, requestsWaitingFor, setTraceparent } from '../store/requests.ts'
import { linkTo, traceparentNow } from '../telemetry/spans.ts'

/** It is set going again: what came before is linked to. */
export async function traceAnew(tx: Queryable, { id, traceparent }: Request): Promise<void> {
  const now = traceparentNow()
  if (!now) return
  linkTo(traceparent)
  await setTraceparent(tx, id, now)
}

/** What is under way for others already is in their traces. */
export async function linkToOthers(tx: Queryable, request: Request): Promise<void> {
  const { id, trackId, separationId, traceparent } = request
  if (!traceparent) return
  const waiting = await requestsWaitingFor(tx, { trackId, owner: separationId ?? trackId })
  for (const other of waiting) if (other.id !== id) linkTo(other.traceparent)
}
