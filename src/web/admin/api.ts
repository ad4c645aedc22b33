// The addresses below /admin/api/: what the operator's page and scripts ask for. wire.ts says what each takes and gives.
import { Hono } from 'hono'
import { z } from 'zod'
import type { Door } from '../../domain/doors.ts'
import { UserError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { cancelRequest } from '../../queue/cancel.ts'
import { drainQueues, pauseQueues, resumeQueues, scaleQueues } from '../../queue/control.ts'
import type { LeadDeps } from '../../queue/lead-on.ts'
import { STAGES, type StageName } from '../../queue/queues.ts'
import { retryRequest } from '../../queue/retry.ts'
import type { Database } from '../../store/database.ts'
import { findRequest } from '../../store/requests.ts'
import { inCommandSpan } from '../../telemetry/command-span.ts'
import type { WebApp, WebContext, WebEnv } from '../app.ts'
import { EVENT_STREAM, eventStream } from '../event-stream.ts'
import { jsonBody } from '../json-body.ts'
import { openCards } from './cards.ts'
import type { Live } from './live.ts'
import { refuse, whyNot } from './refuse.ts'
import { foundRequests } from './requests.ts'
import type { AdminState } from './wire.ts'

export type ApiDeps = LeadDeps & {
  db: Database
  log: Log
  maxOpenRequests: number
  doors: readonly Door[]
  live: Live
  read: () => Promise<AdminState>
}

const API = '/admin/api'
const LONGEST_TEXT = 200

const change = z.union([
  z.object({ action: z.enum(['pause', 'resume', 'drain']) }),
  z.object({ action: z.literal('scale'), limit: z.int().min(1).max(64).nullable() }),
])
const looked = z.object({
  state: z.enum(['working', 'ready', 'delivered', 'failed', 'cancelled']).nullable().default(null),
  text: z.string().trim().max(LONGEST_TEXT).default(''),
  before: z.coerce.number().int().min(1).nullable().default(null),
})
const CHANGES = { pause: pauseQueues, resume: resumeQueues, drain: drainQueues }
/** The page knows no names: whoever has its secret. */
const BY = { platform: 'admin', person: 'admin' }

export function adminApi(deps: ApiDeps): WebApp {
  const { db, log, live, read } = deps
  const app = new Hono<WebEnv>()
  app.onError((error, context) => {
    const why = whyNot(error)
    // Who went away in the middle needs no answer, and is no fault.
    if (why.code === 'internal' && !context.env.outgoing.destroyed)
      log.error({ err: error, path: context.req.path }, 'a request of /admin went wrong')
    return refuse(context, why)
  })

  app.get(`${API}/state`, async (context) => context.json(await read()))

  app.get(`${API}/events`, (context) => {
    const visit = live.visit()
    if (!visit) throw new UserError('too_many_visits', 'This page is open too many times: close some.')
    return context.body(eventStream(visit, context.env.outgoing, log), 200, EVENT_STREAM)
  })

  app.get(`${API}/requests`, async (context) => {
    const query = looked.safeParse(context.req.query())
    if (!query.success)
      throw new UserError('bad_usage', 'state, text and before: a state, words, and the number of a request.')
    return context.json(await foundRequests({ db, cards: openCards(db) }, query.data))
  })

  app.post(`${API}/queues/:stage`, async (context) => {
    const stage = stageIn(context)
    const asked = await jsonBody(context, change)
    if (asked.action === 'scale') await scaleQueues(db, stage, asked.limit, BY)
    else await CHANGES[asked.action](db, stage, BY)
    log.info({ stage: stage ?? 'all', ...asked }, 'a queue was changed at /admin')
    return context.json({})
  })

  app.post(`${API}/requests/:id/retry`, async (context) => {
    const id = await requestIn(context, db)
    const isRetried = await inCommandSpan('retry', BY.platform, () => retryRequest(deps, id))
    if (!isRetried) throw new UserError('nothing_to_retry')
    log.info({ request: id }, 'a request was retried at /admin')
    return context.json({})
  })

  app.post(`${API}/requests/:id/cancel`, async (context) => {
    const id = await requestIn(context, db)
    const isCancelled = await inCommandSpan('cancel', BY.platform, () => cancelRequest(deps, id, 'manager'))
    if (!isCancelled) throw new UserError('nothing_to_cancel')
    log.info({ request: id }, 'a request was cancelled at /admin')
    return context.json({})
  })

  app.all(`${API}/*`, (context) =>
    refuse(context, { status: 404, code: 'no_such_address', message: 'docs/admin.md lists what there is.' }),
  )
  return app
}

/** @returns undefined for all queues */
function stageIn(context: WebContext): StageName | undefined {
  const named = context.req.param('stage')
  const stage = STAGES.find((one) => one === named)
  if (stage || named === 'all') return stage
  throw new UserError('no_such_queue', `There is no such queue: give ${STAGES.join(', ')} or all.`)
}

async function requestIn(context: WebContext, db: Database): Promise<string> {
  const id = z.uuid().safeParse(context.req.param('id')).data
  const request = id ? await findRequest(db, id) : undefined
  if (!request) throw new UserError('no_such_request', 'There is no such request.')
  return request.id
}
