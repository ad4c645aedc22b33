// /readyz: whether there is any use in sending people here. That the process lives is /healthz, whatever its database does.
import { Hono } from 'hono'
import type { Queryable } from '../store/database.ts'
import type { WebApp, WebEnv } from './app.ts'

const ANSWER_MS = 2_000

export function readinessApp(db: Queryable): WebApp {
  /** One question serves all who ask meanwhile. */
  let asked: Promise<boolean> | undefined
  const answers = () => {
    asked ??= answersInTime(db).finally(() => {
      asked = undefined
    })
    return asked
  }
  return new Hono<WebEnv>().get('/readyz', async (context) => {
    const isReady = await answers()
    return context.text(
      isReady ? 'ok\n' : 'The database does not answer: look at its log.\n',
      isReady ? 200 : 503,
      { 'Cache-Control': 'no-store' },
    )
  })
}

async function answersInTime(db: Queryable): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_MS)
  })
  const answer = db.query('select 1').then(
    () => true,
    () => false,
  )
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
