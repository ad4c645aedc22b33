// Discord on the loopback: REST and gateway, version 10, as strict as the real one. Nothing is mocked: real clients
// talk to it through real sockets, from any process. What it refuses and when is written in the files beside this one.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bytesOf, parseBody } from './body.ts'
import { sendFile } from './cdn.ts'
import { createClock } from './clock.ts'
import type { Command } from './commands.ts'
import { Refusal, refusal } from './errors.ts'
import { createFaults, type Fault, type How, type Recorded } from './faults.ts'
import { type Attachment, createFileStore } from './files.ts'
import { createGateway, type GatewayOptions } from './gateway.ts'
import { MIB } from './messages.ts'
import { wrongWithAnswer } from './openapi.ts'
import { createPeople } from './people.ts'
import { createRateLimits } from './rate-limits.ts'
import { createRoutes, dmWith, mustHaveIds, needsNoBot, type Reply } from './routes.ts'
import { channelShape, guildEvent } from './shapes.ts'
import { createSnowflakes } from './snowflake.ts'
import { type Channel, Guild, type Json, User, type World } from './world.ts'

export type { Fault, How, Recorded } from './faults.ts'
export type { Attachment, Upload } from './files.ts'
export type { Answer, Interaction } from './interaction.ts'
export { MAY } from './permissions.ts'
export type { RateLimited } from './rate-limits.ts'
export type { Channel, Edit, Guild, Message, User } from './world.ts'

export type Options = GatewayOptions & { token?: string; applicationId?: string; botName?: string }
export type Discord = Awaited<ReturnType<typeof startDiscord>>

const PREFIX = '/api/v10'
const MAX_REQUEST_BYTES = 25 * MIB
const GUILDS = 1 << 0

export async function startDiscord(options: Options = {}) {
  const clock = createClock()
  const newId = createSnowflakes(clock.now)
  const applicationId = options.applicationId ?? newId()
  const token = options.token ?? botToken(applicationId)
  const bot = new User(applicationId, options.botName ?? 'Stems', { bot: true })
  const commands: { all: Command[] } = { all: [] }
  const problems: string[] = []
  const requests: Recorded[] = []
  const downloads: Recorded[] = []
  const faults = createFaults()
  const limits = createRateLimits(clock)
  let origin = ''

  const world: World = {
    clock,
    newId,
    applicationId,
    token,
    bot,
    users: new Map([[bot.id, bot]]),
    guilds: new Map(),
    channels: new Map(),
    messages: new Map(),
    interactions: new Map(),
    files: createFileStore(() => origin, clock, newId),
    blocked: [],
    problems,
    announce: (event, data) => announce(event, data as { guild: Guild; channel?: Channel }),
  }
  const gateway = createGateway(world, options)
  const announce = (event: string, { guild, channel }: { guild: Guild; channel?: Channel }) => {
    const shapes: Record<string, () => Json> = {
      GUILD_CREATE: () => guildEvent(guild, world),
      GUILD_DELETE: () => ({ id: guild.id }),
    }
    const shape = channel ? channelShape(channel, world) : (shapes[event]?.() ?? {})
    gateway.tell(event, shape, { guildId: guild.id, intent: GUILDS })
  }
  const routes = createRoutes(world, limits, gateway, commands)
  const people = createPeople(world, gateway, commands)

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A client that goes away in the middle is no problem of the server's.
      if (!request.complete || response.destroyed) return
      problems.push(`the server failed: ${error instanceof Error ? error.stack : error}`)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin)
    if (url.pathname.startsWith('/attachments/')) return download(request, url, response)
    const recorded = record(request, url)
    requests.push(recorded)
    const early = faults.take(recorded, 'early')
    const bytes = await bytesOf(request, (count) => {
      if (early?.kind === 'cut' && count >= (early.atByte ?? 0)) request.destroy()
    })
    const form = safely(() => parseBody(bytes, request.headers['content-type'] ?? ''))
    if (!(form instanceof Refusal)) {
      for (const problem of form.problems) problems.push(`${recorded.route}: ${problem}`)
      if (form.payload !== undefined) recorded.body = form.payload
      const files = [...form.files.values()].map((one) => ({ name: one.name, size: one.bytes.length }))
      if (files.length > 0) recorded.files = files
    }
    if (early) return void response.destroy()
    const how = faults.take(recorded, 'whole')
    const tooLarge = bytes.length > MAX_REQUEST_BYTES
    const work = () => handle(recorded, form, tooLarge, how?.kind === 'truncate' ? how.bytes : undefined)
    if (!how || how.kind === 'truncate') return answer(recorded, response, work())
    const done = 'after' in how && how.after ? work() : undefined
    await misbehave(how, recorded, response, () => done ?? work())
  }

  function record(request: IncomingMessage, url: URL): Recorded {
    const method = request.method ?? ''
    const path = decodeURIComponent(url.pathname.replace(PREFIX, ''))
    const found = url.pathname.startsWith(PREFIX) ? routes.find(method, path) : undefined
    const header = request.headers.authorization
    return {
      method,
      path,
      route: found?.route ?? `${method} ${path}`,
      query: url.search,
      status: 0,
      atMs: Date.now(),
      auth: header === undefined ? 'none' : header === `Bot ${token}` ? 'bot' : 'wrong',
      bucket: '',
    }
  }

  type Done = Reply & { headers: Record<string, string> }

  function handle(
    recorded: Recorded,
    form: ReturnType<typeof parseBody> | Refusal,
    tooLarge: boolean,
    storedBytes: number | undefined,
  ): Done {
    const { method, path, auth } = recorded
    const found = routes.find(method, path)
    let headers: Record<string, string> = {}
    try {
      if (!found) {
        problems.push(`unknown route: ${method} ${path}`)
        const status = routes.isKnownPath(path) ? 405 : 404
        const message = status === 405 ? '405: Method Not Allowed' : '404: Not Found'
        throw new Refusal(status, { message, code: 0 })
      }
      const { route, parameters } = found
      if (auth !== 'bot' && !needsNoBot(route)) throw refusal(0)
      const counted = limits.count(route, path)
      recorded.bucket = counted.bucket
      headers = counted.headers
      if (tooLarge) throw refusal(40005)
      if (form instanceof Refusal) throw form
      const ids = { ...parameters }
      if (ids['message_id'] === '@original') delete ids['message_id']
      mustHaveIds(ids)
      const { payload: body, files } = form
      const query = new URLSearchParams(recorded.query)
      const reply = found.handle({ route, path, parameters, query, body, files, storedBytes })
      const wrong = wrongWithAnswer(route, reply.status, asSent(reply.body))
      if (wrong) problems.push(`${route} answered against the description: ${wrong}`)
      return { ...reply, headers }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: error.body, headers: { ...headers, ...error.headers } }
    }
  }

  function answer(recorded: Recorded, response: ServerResponse, done: Done): void {
    recorded.status = done.status
    const code = (done.body as Json | undefined)?.['code']
    if (done.status >= 400 && typeof code === 'number') recorded.code = code
    const text = done.body === undefined ? '' : JSON.stringify(done.body)
    response.writeHead(done.status, {
      ...done.headers,
      ...(text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}),
    })
    response.end(text)
  }

  async function misbehave(
    how: How,
    recorded: Recorded,
    response: ServerResponse,
    finish: () => Done,
  ): Promise<void> {
    switch (how.kind) {
      case 'cut':
        response.destroy()
        return
      case 'hang':
        if (how.seconds === undefined) return
        // Real time: a client that waits is not helped by the server's clock.
        await waited(how.seconds)
        return answer(recorded, response, finish())
      case 'rateLimit': {
        const { retryAfterSeconds, scope = 'user' } = how
        const { body, headers } = limits.refuse(recorded, { retryAfterSeconds, scope })
        return answer(recorded, response, { status: 429, body, headers })
      }
      case 'refuse':
        return answer(recorded, response, {
          status: how.status,
          body: { message: how.message, code: how.code },
          headers: {},
        })
      case 'status': {
        const { status, body = { message: `${status}: Internal Server Error`, code: 0 }, headers = {} } = how
        return answer(recorded, response, { status, body: status === 204 ? undefined : body, headers })
      }
    }
  }

  async function download(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const recorded = { ...record(request, url), route: 'GET /attachments' }
    downloads.push(recorded)
    const how = faults.take(recorded, 'whole')
    const send = () => {
      recorded.status = sendFile(
        request,
        response,
        world.files.open(url),
        how?.kind === 'truncate' ? how.bytes : undefined,
      )
    }
    if (!how || how.kind === 'truncate') return send()
    if (how.kind !== 'hang') return misbehave(how, recorded, response, () => ({ status: 500, headers: {} }))
    if (how.seconds === undefined) return
    await waited(how.seconds)
    send()
  }

  // A connection closed for idleness just as a client uses it again would be a failure nobody asked for.
  server.keepAliveTimeout = 600_000
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  origin = `http://127.0.0.1:${port}`
  gateway.setUrl(`ws://127.0.0.1:${port}`)

  return {
    apiUrl: `${origin}/api`,
    cdnUrl: origin,
    token,
    applicationId,
    botUserId: bot.id,
    clock,
    gateway,
    /** What came in, in order. */
    requests,
    /** Fetches of attachments, apart from `requests`; faults reach them as GET /attachments/… */
    downloads,
    /** Every 429. */
    rateLimited: limits.rateLimited,
    /** What no real client should do, and answers of this server that Discord would not give. */
    problems,
    /** Interactions that reached nobody. */
    get lost(): Json[] {
      return [...gateway.lost.values()]
    },
    ...people,
    guild(wish: { name?: string; premiumTier?: 0 | 1 | 2 | 3; permissions?: bigint } = {}): Guild {
      const guild = new Guild(world, wish)
      world.announce('GUILD_CREATE', { guild })
      return guild
    },
    user(wish: { name?: string; permissions?: bigint } = {}): User {
      const id = newId()
      const user = new User(id, wish.name ?? `person${id.slice(-4)}`, wish)
      world.users.set(id, user)
      return user
    },
    dm: (user: User | string): Channel => dmWith(world, typeof user === 'string' ? user : user.id),
    bytesOf: (attachment: Pick<Attachment, 'id'>): Buffer => world.files.bytesOf(attachment),
    registered: (): Command[] => commands.all,
    fail: (fault: Fault) => faults.add(fault),
    /** AutoMod: text that matches is refused from now on. */
    block: (pattern: RegExp): void => {
      world.blocked.push(pattern)
    },
    /** @throws when anything was noted in `problems` */
    async close(): Promise<void> {
      gateway.stop()
      clock.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (problems.length > 0) throw new Error(`Discord's server has noted:\n${problems.join('\n')}`)
    },
  }
}

const waited = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref())

const asSent = (body: unknown): unknown => (body === undefined ? undefined : JSON.parse(JSON.stringify(body)))

/** As Discord's look: the id of the bot, a time, a secret. */
function botToken(applicationId: string): string {
  const id = Buffer.from(applicationId).toString('base64url')
  return `${id}.${randomBytes(4).toString('base64url')}.${randomBytes(28).toString('base64url')}`
}

function safely<T>(work: () => T): T | Refusal {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
