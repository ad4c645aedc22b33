// The documents that came along, for whoever runs this: as they are written, of the version that runs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Hono } from 'hono'
import type { WebApp, WebEnv } from '../app.ts'

const FOLDER = join(import.meta.dirname, '../../../docs')

export function docsApp(): WebApp {
  /** All that is ever served, so that no path is made of what is asked for. */
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => extname(name) === '.md') : []
  const app = new Hono<WebEnv>()
  for (const name of names)
    app.get(`/admin/docs/${name}`, (context) => context.text(readFileSync(join(FOLDER, name), 'utf8')))
  return app
}
