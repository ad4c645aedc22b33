// A request as a person makes it, and its end.
import { randomUUID } from 'node:crypto'
import type { Source } from '../src/domain/source.ts'
import { claim } from '../src/queue/claim.ts'
import type { Services } from '../src/services.ts'
import type { Database } from '../src/store/database.ts'
import { findRequest, type Request } from '../src/store/requests.ts'
import { CARD_CHANNEL } from '../src/store/stages.ts'

export async function ask(
  services: Services,
  source: Source,
  { person = 'ann', model = 'auto' } = {},
): Promise<Request> {
  const { request } = await claim(services, {
    interaction: {
      platform: 'terminal',
      app: 'terminal',
      externalId: randomUUID(),
      person,
      workspace: '',
      channel: 'band',
    },
    source,
    asked: { model, stems: [], format: 'mp3' },
    separate: true,
    resumes: false,
    message: null,
    maxOpenRequests: Number.POSITIVE_INFINITY,
  })
  return request
}

/** Sees requests end, woken by the database. Opened before they are made, so that a connection is not part of what is measured. */
export async function watchRequests(db: Database) {
  const changed = new Map<string, () => void>()
  const listener = await db.listen(CARD_CHANNEL, (trackId) => changed.get(trackId)?.())
  return {
    /**
     * @returns when the request was seen to be ready, on the clock of `performance.now()`
     * @throws when it failed
     */
    async untilReady({ id, trackId }: Request): Promise<number> {
      const ready = Promise.withResolvers<number>()
      const look = async () => {
        const request = await findRequest(db, id)
        if (request?.state === 'ready') ready.resolve(performance.now())
        if (request?.state === 'failed') throw new Error(`the request failed: ${request.errorMessage}`)
      }
      changed.set(trackId, () => void look().catch(ready.reject))
      try {
        await look()
        return await ready.promise
      } finally {
        changed.delete(trackId)
      }
    },
    close: () => listener.close(),
  }
}
