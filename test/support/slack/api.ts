// What each request is, and what it is answered.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendFile } from '../discord/cdn.ts'
import { argumentsOf, uploadedBytes } from './body.ts'
import { createConversations } from './conversations.ts'
import { Refusal, refusal } from './errors.ts'
import type { Recorded } from './faults.ts'
import type { Interaction } from './interaction.ts'
import { createChat } from './messages.ts'
import { createMethods, mustHaveArguments, RULES } from './methods.ts'
import { createOAuth } from './oauth.ts'
import type { RateLimits } from './rate-limits.ts'
import { respond } from './response-urls.ts'
import type { Json } from './rules.ts'
import type { Sockets } from './sockets.ts'
import { holder, mustBeValid, mustHaveScope } from './tokens.ts'
import { createUploads, type Sharing } from './uploads.ts'
import type { Enterprise, Workspace, World } from './world.ts'

export type Done = {
  status: number
  headers: Record<string, string>
  body: string
  error?: string
  /** In place of all that: writes the answer itself. */
  send?: (response: ServerResponse) => void
}
/** @param limitBytes how much of a file is kept or sent, where a test cuts it short */
type Work = (limitBytes?: number) => Promise<Done>

const HTML = { 'Content-Type': 'text/html; charset=utf-8' }
const TEXT = { 'Content-Type': 'text/plain' }

export function createApi(deps: {
  world: World
  limits: RateLimits
  sockets: Sockets
  sharing: Sharing
  triggers: Map<string, Interaction>
  /** By path. */
  urls: Map<string, Interaction>
  installing: () => Workspace | Enterprise | undefined
}) {
  const { world, limits, sockets, urls } = deps
  const { problems } = world
  const oauth = createOAuth(world, deps.installing)
  const uploads = createUploads(world, deps.sharing)
  const methods = createMethods(world, deps.triggers, {
    ...createChat(world, limits),
    ...createConversations(world),
    ...uploads.methods,
    ...oauth.methods,
  })

  const kindOf = ({ pathname }: URL): string | undefined => {
    if (pathname.startsWith('/api/')) return pathname.slice('/api/'.length)
    if (pathname.startsWith('/upload/v1/')) return 'upload'
    if (pathname.startsWith('/files-pri/')) return 'download'
    return /^\/(commands|actions|app)\/T/.test(pathname) ? 'response_url' : undefined
  }
  const bearer = (request: IncomingMessage) => /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]

  const json = (body: Json, more: { status?: number; headers?: Record<string, string> } = {}): Done => ({
    status: more.status ?? 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...more.headers },
    body: JSON.stringify(body),
    ...(typeof body['error'] === 'string' ? { error: body['error'] } : {}),
  })
  const refused = ({ error, more, status, headers }: Refusal): Done =>
    json({ ok: false, error, ...more }, { status, headers })

  const callMethod = async (
    recorded: Recorded,
    request: IncomingMessage,
    error: string | undefined,
  ): Promise<Done> => {
    const { method, args } = recorded
    const held = holder(world, bearer(request) ?? (args['token'] as string | undefined))
    const { grant } = held
    const headers: Record<string, string> = {}
    try {
      if (error) throw refusal(error)
      if (method === 'oauth.v2.access') {
        const [, basic] = /^Basic (\S+)$/.exec(request.headers.authorization ?? '') ?? []
        return json({ ok: true, ...oauth.access(args, basic && Buffer.from(basic, 'base64').toString()) })
      }
      const isConnection = method === 'apps.connections.open'
      const handle = methods[method]
      if (!handle && !isConnection) {
        problems.push(`unknown method: ${method}`)
        throw new Refusal('unknown_method', { req_method: method })
      }
      mustBeValid(held, isConnection ? 'app' : 'bot')
      if (grant) headers['x-oauth-scopes'] = grant.scopes.join(',')
      limits.count(recorded)
      if (isConnection) return json({ ok: true, url: sockets.newUrl() })
      if (!grant || !handle) throw refusal('invalid_auth')
      const { scope } = RULES[method] ?? {}
      if (scope) {
        headers['x-accepted-oauth-scopes'] = scope
        mustHaveScope(grant, scope)
      }
      mustHaveArguments(world, method, args)
      return json({ ok: true, ...handle({ grant, args, request: recorded }) }, { headers })
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      const done = refused(thrown)
      return { ...done, headers: { ...headers, ...done.headers } }
    }
  }

  const receive = async (
    url: URL,
    request: IncomingMessage,
    bytes: Buffer,
    limitBytes?: number,
  ): Promise<Done> => {
    if (request.headers.authorization !== undefined) problems.push('a token was sent to the upload host')
    if (request.method !== 'POST') return { status: 405, headers: TEXT, body: 'Method Not Allowed' }
    const file = await uploadedBytes(bytes, request.headers['content-type'] ?? '')
    const { status, body } = uploads.receive(url.pathname.slice('/upload/v1/'.length), file, limitBytes)
    return { status, headers: TEXT, body, ...(status === 200 ? {} : { error: body }) }
  }

  const download = (recorded: Recorded, url: URL, request: IncomingMessage, limitBytes?: number): Done => {
    const file = uploads.download(holder(world, bearer(request)).grant, url.pathname)
    if (!file) {
      // As a browser that is not signed in: to the page where one signs in.
      const location = `${world.origin()}/?redir=${encodeURIComponent(url.pathname)}`
      return { status: 302, headers: { ...HTML, Location: location }, body: '' }
    }
    const found = file.state === 'deleted' ? undefined : { bytes: file.bytes, type: file.mimetype }
    return {
      status: found ? 200 : 404,
      headers: {},
      body: '',
      send: (response) => {
        recorded.status = sendFile(request, response, found, limitBytes)
      },
    }
  }

  const respondTo = (
    url: URL,
    recorded: Recorded,
    request: IncomingMessage,
    error: string | undefined,
  ): Done => {
    if (request.headers.authorization !== undefined) problems.push('a token was sent to a response_url')
    if (error || request.method !== 'POST')
      return { status: 400, headers: TEXT, body: 'invalid_payload', error: error ?? 'invalid_payload' }
    const { status, body, error: no } = respond(world, urls.get(url.pathname), recorded.args)
    const headers = { 'Content-Type': body.startsWith('{') ? 'application/json; charset=utf-8' : 'text/html' }
    return { status, headers, body, ...(no ? { error: no } : {}) }
  }

  return {
    refused,
    refusedWith: (error: string): Done => json({ ok: false, error }),

    /** Nothing for a page that a browser would open. */
    record(request: IncomingMessage, url: URL): Recorded | undefined {
      const method = kindOf(url)
      if (method === undefined) return undefined
      const { token, grant } = holder(world, bearer(request))
      const team = token === 'app' ? { team: world.appId } : grant ? { team: grant.teamId } : {}
      return { method, args: {}, token, ...team, status: 0, atMs: Date.now() }
    },

    /** Reads the request; what is given back does what it asks. */
    async prepare(recorded: Recorded, request: IncomingMessage, url: URL, bytes: Buffer): Promise<Work> {
      const { method } = recorded
      if (method === 'upload') {
        recorded.bytes = bytes.length
        return (limitBytes) => receive(url, request, bytes, limitBytes)
      }
      if (method === 'download') {
        recorded.args = { path: url.pathname }
        return async (limitBytes) => download(recorded, url, request, limitBytes)
      }
      const { args, error } = await argumentsOf(
        bytes,
        request.headers['content-type'] ?? '',
        url.searchParams,
      )
      recorded.args = args
      if (method === 'response_url') return async () => respondTo(url, recorded, request, error)
      if (recorded.token === 'none' && typeof args['token'] === 'string') {
        const { token, grant } = holder(world, args['token'])
        recorded.token = token
        if (grant) recorded.team = grant.teamId
      }
      return () => callMethod(recorded, request, error)
    },

    page(url: URL): Done {
      if (url.pathname === '/oauth/v2/authorize') {
        const { status, location, body } = oauth.authorize(url.searchParams)
        return { status, headers: { ...HTML, ...(location ? { Location: location } : {}) }, body }
      }
      if (url.pathname === '/')
        return {
          status: 200,
          headers: HTML,
          body: '<!DOCTYPE html><html><title>Sign in | Slack</title></html>',
        }
      return { status: 404, headers: HTML, body: '<html>Not found</html>' }
    },
  }
}
