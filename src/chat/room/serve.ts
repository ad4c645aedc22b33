// The room, wired: a channel of our own, in a browser.
import { Hono } from 'hono'
import { COMMANDS } from '../../../commands/index.ts'
import type { Settings } from '../../config.ts'
import { ERRORS, UserError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Services } from '../../services.ts'
import type { WebApp, WebContext, WebEnv } from '../../web/app.ts'
import { showNotice } from '../../web/notice.ts'
import { openPage } from '../../web/pages.ts'
import { commandDepsOf } from '../command-deps.ts'
import { roomApi } from './api.ts'
import { assertOpen } from './door.ts'
import { openLive } from './live.ts'

/** @returns its pages and what they ask for; it is to be stopped before the server is, as its streams do not end by themselves */
export async function serveRoom(
  settings: Settings,
  services: Services,
  log: Log,
): Promise<{ app: WebApp; stop(): Promise<void> }> {
  const { db, files } = services
  const secrets = { access: settings.ACCESS_SECRET, admin: settings.ADMIN_SECRET }
  const live = await openLive({ db, files, log })
  const deps = {
    ...commandDepsOf(settings, services),
    commands: COMMANDS,
    maxUploadBytes: settings.MAX_UPLOAD_BYTES,
    log,
    live,
    secrets,
  }
  const page = openPage('room.html')
  const showPage = (context: WebContext) => {
    try {
      assertOpen(context, secrets)
      return page(context)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return showNotice(context, {
        status: 403,
        code: error.code,
        title: 'This room is closed',
        message: ERRORS.room_closed,
      })
    }
  }
  const app = new Hono<WebEnv>()
  app.get('/', showPage).get('/rooms/:room', showPage).route('/', roomApi(deps))
  return { app, stop: () => live.stop() }
}
