// The site's pages and what they are made of: HTML with a nonce of its own at each load, TypeScript with its types taken out.
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import type { WebApp, WebContext, WebEnv } from './app.ts'

const FOLDER = join(import.meta.dirname, '../pages')
const TYPES: Record<string, string> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Libraries that pages import by name, and where they are served. */
const LIBRARIES: Record<string, string> = { 'wavesurfer.js': 'vendor/wavesurfer.js' }
const ICON = 'icon.svg'

type Asset = { type: string; body: string }
export type Page = (context: WebContext) => Response

export function openPage(name: string): Page {
  const html = readPage(name)
  return (context) => {
    const nonce = context.get('secureHeadersNonce') ?? ''
    return context.html(html.replace('{{style-nonce}}', nonce), 200, { 'Cache-Control': 'no-cache' })
  }
}

export function readPage(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

/** `/assets/…`, and the icon that browsers ask for by themselves. */
export function assets(): WebApp {
  const files = filesByName()
  /** Read when they are first asked for: most starts of the bot are not for a browser. */
  const known = new Map<string, Asset>()
  const app = new Hono<WebEnv>()
  app.use('/assets/*', etag())
  const serve = (context: WebContext, name: string) => {
    const path = files.get(name)
    if (!path) return context.body(null, 404)
    const asset = known.get(name) ?? readAsset(path)
    known.set(name, asset)
    return context.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'no-cache' })
  }
  app.get('/assets/*', (context) => serve(context, context.req.path.slice('/assets/'.length)))
  app.get('/favicon.ico', (context) => serve(context, ICON))
  return app
}

/** All that is ever served, so that no path is made of what is asked for. */
function filesByName(): Map<string, string> {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter(
    (name) => extname(name) in TYPES,
  )
  const libraries = Object.entries(LIBRARIES).map(([library, name]): [string, string] => [
    name,
    fileURLToPath(import.meta.resolve(library)),
  ])
  return new Map([...names.map((name): [string, string] => [name, join(FOLDER, name)]), ...libraries])
}

function readAsset(path: string): Asset {
  const text = readFileSync(path, 'utf8')
  const type = TYPES[extname(path)] ?? ''
  return { type, body: path.endsWith('.ts') ? scriptOf(text) : text }
}

/** JavaScript, line for line, with the addresses of libraries in place of their names. */
function scriptOf(typescript: string): string {
  let script = stripTypeScriptTypes(typescript)
  for (const [library, name] of Object.entries(LIBRARIES))
    script = script.replaceAll(`from '${library}'`, `from '/assets/${name}'`)
  return script
}
