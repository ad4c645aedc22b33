// The results pages: everything about a delivered request, below an address that is signed.
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import { isSigned } from '../../domain/results-link.ts'
import { PauseError, UserError } from '../../errors.ts'
import type { Files } from '../../files/files.ts'
import type { Queryable } from '../../store/database.ts'
import type { WebApp, WebContext, WebEnv } from '../app.ts'
import { attachment, bodyOf, fileResponse } from '../file-response.ts'
import { type Notice, showNotice } from '../notice.ts'
import type { Page } from '../pages.ts'
import { coverOf } from './cover.ts'
import { downloadsOf } from './downloads.ts'
import { AWAY, GONE, NO_SUCH_FILE, NO_SUCH_METHOD, WRONG } from './notices.ts'
import { type Opened, openAddress } from './opened.ts'
import { pieceAt, playerEncodings, playerFile } from './player-files.ts'
import { songOf } from './song.ts'
import { zipBytes, zipped } from './zip.ts'

export type ResultsDeps = {
  db: Queryable
  files: Files
  page: Page
}

const BASE = '/results/:id/:signed'
/** What is below an address never becomes something else. */
const FOR_GOOD = 'private, max-age=604800, immutable'
const ASK_AGAIN = 'private, no-cache'

export function resultsApp({ db, files, page }: ResultsDeps): WebApp {
  const app = new Hono<WebEnv>()

  app.use('/results/*', async (context, next) => {
    await next()
    context.header('X-Robots-Tag', 'noindex')
  })

  /** An address below `BASE`, for those whose signature is right. */
  const serve = (
    path: string,
    answer: (opened: Opened, context: WebContext) => Promise<Response | Notice>,
  ) => {
    app.get(`${BASE}${path}`, async (context) => {
      const { id = '', signed = '' } = context.req.param() as Record<string, string>
      const opened = await openAddress(db, id, signed, new Date())
      const answered = 'status' in opened ? opened : await answer(opened, context).catch(away)
      return answered instanceof Response ? answered : showNotice(context, answered)
    })
  }

  /** Before anything was answered. */
  const away = (error: unknown): Notice => {
    if (error instanceof PauseError) return AWAY
    if (error instanceof UserError && error.code === 'files_gone') return GONE
    throw error
  }

  app.get(BASE, (context) => {
    const signed = context.req.param('signed')
    return isSigned(signed) ? context.redirect(`${signed}/`, 308) : showNotice(context, WRONG)
  })

  serve('/', async (opened, context) => {
    const song = await songOf({ db, files }, opened)
    if (!song) return GONE
    const response = page(context)
    response.headers.set('Cache-Control', ASK_AGAIN)
    return response
  })

  app.use(`${BASE}/song.json`, etag())
  serve('/song.json', async (opened, context) => {
    const song = await songOf({ db, files }, opened)
    return song ? context.json(song, 200, { 'Cache-Control': ASK_AGAIN }) : GONE
  })

  serve('/player/:stem/:piece', async ({ results }, context) => {
    const { stem, piece = '' } = context.req.param() as Record<string, string>
    const encoding = (await playerEncodings(db, results)).find((one) => one.stem === stem)
    const number = /^(0|[1-9]\d{0,5})\.flac$/.exec(piece)?.[1]
    if (!encoding || number === undefined) return NO_SUCH_FILE
    const player = await playerFile(files, encoding)
    if (!player) return GONE
    const stretch = pieceAt(player.index, Number(number))
    if (!stretch) return NO_SUCH_FILE
    return fileResponse(context, player.file, { type: 'audio/flac', cacheControl: FOR_GOOD, stretch })
  })

  serve('/stems/:name', async ({ results, delivered }, context) => {
    const downloads = await downloadsOf(files, results, delivered)
    if (!downloads) return GONE
    const stem = downloads.stems.find(({ name }) => name === context.req.param('name'))
    if (!stem) return NO_SUCH_FILE
    return fileResponse(context, stem, { type: stem.type, cacheControl: FOR_GOOD, saveAs: stem.name })
  })

  serve('/stems.zip', async ({ results, delivered }, context) => {
    const downloads = await downloadsOf(files, results, delivered)
    if (!downloads) return GONE
    const { zip } = downloads
    if (!zip) return NO_SUCH_FILE
    const headers = {
      'Content-Type': 'application/zip',
      'Content-Length': String(zipBytes(zip.files)),
      'Content-Disposition': attachment(zip.name),
      'Cache-Control': ASK_AGAIN,
    }
    const body = context.req.method === 'HEAD' ? null : bodyOf(context, zipped(zip.files))
    return new Response(body, { headers })
  })

  serve('/cover', async ({ results }, context) => {
    const cover = await coverOf(files, results)
    return cover ? fileResponse(context, cover, { type: cover.type, cacheControl: FOR_GOOD }) : NO_SUCH_FILE
  })

  app.all('/results/*', (context) =>
    showNotice(
      context,
      context.req.method === 'GET' || context.req.method === 'HEAD' ? WRONG : NO_SUCH_METHOD,
    ),
  )
  return app
}
