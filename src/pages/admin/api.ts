// The operator's server, as wire.ts describes it.
import type { Found, QueueChange, RequestAction, RequestGroup } from '../../web/admin/wire.ts'
import { ask } from '../ask.ts'

export const EVENTS = '/admin/api/events'

export type Stage = string | 'all'

export async function changeQueue(stage: Stage, change: QueueChange): Promise<void> {
  await ask('POST', `/admin/api/queues/${stage}`, change)
}

export async function changeRequest(id: string, action: RequestAction): Promise<void> {
  await ask('POST', `/admin/api/requests/${id}/${action}`)
}

export type Wanted = { state: RequestGroup | null; text: string; before?: number }

export function findRequests({ state, text, before }: Wanted, signal: AbortSignal): Promise<Found> {
  const query = new URLSearchParams({
    ...(state ? { state } : {}),
    ...(text ? { text } : {}),
    ...(before ? { before: String(before) } : {}),
  })
  return ask('GET', `/admin/api/requests?${query}`, undefined, signal)
}

/** @throws Refused with the status 401 where this browser has not entered, or not lately */
export async function check(): Promise<void> {
  await ask('GET', '/admin/api/requests?before=1')
}
