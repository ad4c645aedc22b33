// pg-boss's own dashboard below /admin/jobs, to look at and no more: what it would change behind our back, our rows would not know of.
import type { DashboardHandler } from '@pg-boss/dashboard/handler'
import { Hono } from 'hono'
import { NONCE, secureHeaders } from 'hono/secure-headers'
import type { WebApp, WebContext, WebEnv } from '../app.ts'
import { type Notice, showNotice } from '../notice.ts'

const PATH = '/admin/jobs'
const SCHEMA = 'pgboss'
/** In place of what its pages would fetch from elsewhere, to look a little nicer. */
const NO_FONTS = `${PATH}/no-fonts.css`
const FONTS = /https:\/\/fonts\.(?:googleapis|gstatic)\.com(?:\/css2\?[^"'`]*)?/g

const READ_ONLY: Notice = {
  status: 405,
  code: 'read_only',
  title: 'Nothing can be changed here',
  message: 'These pages only show: queues and requests are changed at /admin.',
}

/** What it says of the switch that we have set for good, and what there is to say instead. */
const UNSET_IT =
  /The server was started with PGBOSS_DASHBOARD_READ_ONLY=1\. Unset it to restore write access\./g

/** As narrow as its pages work with: scripts and styles within them by a nonce, and the styles of single elements. */
const policy = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'", NONCE],
    styleSrc: ["'self'", NONCE],
    styleSrcAttr: ["'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
})

export function jobsApp(databaseUrl: string): { app: WebApp; close(): Promise<void> } {
  let dashboard: Promise<DashboardHandler> | undefined
  const app = new Hono<WebEnv>()
  const show = async (context: WebContext) => {
    if (!['GET', 'HEAD'].includes(context.req.method)) {
      context.header('Allow', 'GET, HEAD')
      return showNotice(context, READ_ONLY)
    }
    // Loaded only when somebody looks: a third of a second, and 60 MB.
    dashboard ??= openDashboard(databaseUrl).catch((error: unknown) => {
      // The next visit tries again.
      dashboard = undefined
      throw error
    })
    const answer = await (await dashboard)(context.req.raw)
    return ownAnswer(context, answer)
  }
  app.use(`${PATH}/*`, policy)
  app.use(`${PATH}.data`, policy)
  app.get(NO_FONTS, (context) => context.body('', 200, { 'Content-Type': 'text/css' }))
  app.all(PATH, show).all(`${PATH}.data`, show).all(`${PATH}/*`, show)
  return {
    app,
    close: async () => {
      await (await dashboard)?.close()
    },
  }
}

async function openDashboard(databaseUrl: string): Promise<DashboardHandler> {
  process.env['PGBOSS_DASHBOARD_READ_ONLY'] = '1'
  const { createDashboardHandler } = await import('@pg-boss/dashboard/handler')
  // Unnamed it would show a part of the address, which may be the password.
  const database = { url: readOnlyUrl(databaseUrl), name: 'Sound Forge Alchemy', schema: SCHEMA }
  return createDashboardHandler({ databases: [database], basePath: PATH })
}

/** The same database, which then takes no change whatever is asked of it. */
export function readOnlyUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  const options = [url.searchParams.get('options') ?? '', '-c default_transaction_read_only=on']
  url.searchParams.set('options', options.join(' ').trim())
  return url.href
}

/**
 * Its pages and scripts, without the fonts that they would fetch from elsewhere. Whatever is data React has escaped: what is a script in
 * a page is the dashboard's own.
 */
async function ownAnswer(context: WebContext, answer: Response): Promise<Response> {
  const type = answer.headers.get('Content-Type') ?? ''
  if (!/^text\/(html|javascript|x-script)/.test(type)) return answer
  const nonce = context.get('secureHeadersNonce') ?? ''
  const text = (await answer.text()).replace(FONTS, NO_FONTS).replace(UNSET_IT, READ_ONLY.message)
  const isPage = type.startsWith('text/html')
  const body = isPage ? text.replace(/<(script|style)(?=[ >])/g, `<$1 nonce="${nonce}"`) : text
  const headers = new Headers(answer.headers)
  headers.delete('Content-Length')
  return new Response(context.req.method === 'HEAD' ? null : body, { status: answer.status, headers })
}
