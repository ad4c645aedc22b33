// The documents that came along, for whoever runs this: as they are written, of the version that runs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Hono } from 'hono'
import type { WebApp, WebEnv } from '../app.ts'
import { type Notice, showNotice } from '../notice.ts'

const FOLDER = join(import.meta.dirname, '../../../docs')
const NOT_HERE: Notice = {
  status: 404,
  code: 'no_such_document',
  title: 'That document is not here',
  message: 'It did not come along with what runs here: the folder docs of the repository has them all.',
}

export function docsApp(): WebApp {
  /** All that is ever served, so that no path is made of what is asked for. */
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => extname(name) === '.md') : []
  const app = new Hono<WebEnv>()
  for (const name of names)
    app.get(`/admin/docs/${name}`, (context) => context.text(readFileSync(join(FOLDER, name), 'utf8')))
  app.get('/admin/docs/*', (context) => showNotice(context, NOT_HERE))
  return app
}
