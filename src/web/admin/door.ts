// Where the operator comes in: the page with the one field, for every address below /admin that a person opens without having entered.
import { Hono } from 'hono'
import { UserError } from '../../errors.ts'
import type { WebApp, WebContext, WebEnv } from '../app.ts'
import { readPage } from '../pages.ts'
import { smallBody } from '../small-body.ts'
import type { Access } from './access.ts'
import { refuse, type Why, whyNot } from './refuse.ts'

const START = '/admin'
/** What may be gone on to: pages, with nothing of anybody else's in their address. */
const OWN_PAGE = /^\/admin\/(jobs|docs|metrics)(\/[\w-][\w.-]*)*$/

/** @returns an app that lets through to those behind it who may */
export function adminDoor(access: Access): WebApp {
  const html = readPage('admin-enter.html')
  const app = new Hono<WebEnv>()

  const stopAtTheDoor = (context: WebContext, why: Why, to: string) => {
    if (!context.req.header('Accept')?.includes('text/html')) return refuse(context, why)
    const problem = why.code === 'not_entered' ? '' : why.message
    const shown = html.replace('{{problem}}', problem).replace('{{to}}', to)
    return context.html(shown, why.status, { 'Cache-Control': 'no-store' })
  }

  app.post('/admin/enter', async (context) => {
    let to = START
    try {
      const given = new URLSearchParams(await smallBody(context))
      to = ownPage(given.get('to') ?? '')
      await access.enter(context, given.get('secret') ?? '')
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return stopAtTheDoor(context, whyNot(error), to)
    }
    return context.redirect(to, 303)
  })

  app.post('/admin/leave', (context) => {
    access.leave(context)
    return context.redirect(START, 303)
  })

  app.use('/admin/*', async (context, next) => {
    try {
      await access.check(context)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return stopAtTheDoor(context, whyNot(error), ownPage(context.req.path))
    }
    return next()
  })

  app.get('/admin/enter', (context) => context.redirect(START, 303))
  return app
}

function ownPage(path: string): string {
  return OWN_PAGE.test(path) ? path : START
}
