// The operator's pages, wired: the door, /admin itself, what it asks for, and pg-boss's dashboard.
import { Hono } from 'hono'
import type { WebApp, WebEnv } from '../app.ts'
import { type Notice, showNotice } from '../notice.ts'
import { openPage } from '../pages.ts'
import { sameSite } from '../same-site.ts'
import { adminAccess } from './access.ts'
import { type ApiDeps, adminApi } from './api.ts'
import { openCards } from './cards.ts'
import { docsApp } from './docs.ts'
import { adminDoor } from './door.ts'
import { jobsApp } from './jobs.ts'
import { openLive } from './live.ts'
import type { CourierLease } from './machines.ts'
import { readState } from './state.ts'

const CLOSED: Notice = {
  status: 404,
  code: 'admin_off',
  title: 'There is nothing here yet',
  message: 'Set ADMIN_SECRET (16 characters or more) in .env and start again.',
}

type Deps = Omit<ApiDeps, 'live' | 'read'> & {
  /** Undefined: nobody comes in. */
  secret: string | undefined
  couriers: readonly CourierLease[]
  /** What /metrics tells whoever has no cookie of ours. */
  metrics: () => Promise<string>
}

/** @returns its pages and what they ask for; it is to be stopped before the server is, as its streams do not end by themselves */
export async function serveAdmin(deps: Deps): Promise<{ app: WebApp; stop(): Promise<void> }> {
  const { db, log, secret, couriers, metrics } = deps
  const app = new Hono<WebEnv>()
  if (secret === undefined) {
    app.all('/admin/*', (context) => showNotice(context, CLOSED))
    return { app, stop: async () => {} }
  }
  const cards = openCards(db)
  const read = () => readState({ db, cards, couriers })
  const live = await openLive({ db, log, cards, read })
  const jobs = jobsApp(db.url)
  const page = openPage('admin.html')
  app.use('/admin/*', sameSite, async (context, next) => {
    await next()
    // But for the parts of the dashboard, which say that they never change.
    if (!context.res.headers.get('Cache-Control')?.includes('immutable'))
      context.header('Cache-Control', 'no-store')
  })
  app.route('/', adminDoor(adminAccess(db, secret)))
  app.get('/admin', page)
  app.get('/admin/metrics', async (context) => context.text(await metrics()))
  for (const part of [adminApi({ ...deps, live, read }), docsApp(), jobs.app]) app.route('/', part)
  return {
    app,
    stop: async () => {
      await live.stop()
      await jobs.close()
    },
  }
}
