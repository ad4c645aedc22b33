// Slack on the loopback: Web API, uploads, downloads, response_urls, OAuth and Socket Mode, as strict as the real one.
// Nothing is mocked: real clients talk to it through real sockets, from any process. What it refuses and when is
// written in the files beside this one.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bytesOf } from '../discord/body.ts'
import { createClock } from '../discord/clock.ts'
import { createApi, type Done } from './api.ts'
import { createDelivery } from './delivery.ts'
import { createFaults, type Fault, type How, type Recorded } from './faults.ts'
import { createFileStore, type SlackFile } from './files.ts'
import { createTimestamps, newDigits, newId } from './ids.ts'
import type { Interaction } from './interaction.ts'
import { createPeople } from './people.ts'
import { createRateLimits } from './rate-limits.ts'
import { sendSigned } from './signed.ts'
import { createSockets } from './sockets.ts'
import { Enterprise, Workspace, type WorkspaceWish, type World } from './world.ts'

export type { More } from './delivery.ts'
export type { Fault, How, Recorded } from './faults.ts'
export type { FileWish, SlackFile } from './files.ts'
export type { Values } from './form.ts'
export { SCOPES } from './grant.ts'
export type { Answer, Interaction, Told } from './interaction.ts'
export type { View } from './views.ts'
export type { Channel, Edit, Enterprise, Message, User, Workspace, WorkspaceWish } from './world.ts'

export type Options = {
  botName?: string
  /** Real time between files.completeUploadExternal and the message. */
  shareDelaySeconds?: number
}
export type Slack = Awaited<ReturnType<typeof startSlack>>

export async function startSlack(options: Options = {}) {
  const clock = createClock()
  const problems: string[] = []
  const requests: Recorded[] = []
  const rateLimited: Recorded[] = []
  const faults = createFaults()
  const limits = createRateLimits(clock, rateLimited)
  const sharing = { delaySeconds: options.shareDelaySeconds ?? 0.05, neverTimes: 0 }
  let origin = ''
  const state = {
    eventsUrl: undefined as string | undefined,
    installing: undefined as Workspace | Enterprise | undefined,
  }

  const appId = newId('A')
  const world: World = {
    clock,
    origin: () => origin,
    newTs: createTimestamps(clock.now),
    appId,
    appToken: `xapp-1-${appId}-${newDigits(13)}-${randomBytes(32).toString('hex')}`,
    signingSecret: randomBytes(16).toString('hex'),
    verificationToken: randomBytes(12).toString('hex'),
    clientId: `${newDigits(12)}.${newDigits(13)}`,
    clientSecret: randomBytes(16).toString('hex'),
    botName: options.botName ?? 'stems',
    grants: new Map(),
    enterprises: new Map(),
    workspaces: new Map(),
    users: new Map(),
    channels: new Map(),
    files: createFileStore(),
    problems,
  }
  const sockets = createSockets(world)
  const triggers = new Map<string, Interaction>()
  const delivery = createDelivery(world, sockets, () => state.eventsUrl)
  const { urls, ...people } = createPeople(world, delivery, triggers)
  const api = createApi({
    world,
    limits,
    sockets,
    sharing,
    triggers,
    urls,
    installing: () => state.installing,
  })

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A client that goes away in the middle is no problem of the server's.
      if (!request.complete || response.destroyed) return
      problems.push(`the server failed: ${error instanceof Error ? error.stack : error}`)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin)
    const recorded = api.record(request, url)
    if (!recorded) return send(response, api.page(url))
    requests.push(recorded)
    const early = faults.take(recorded, 'early')
    const bytes = await bytesOf(request, (count) => {
      if (early?.kind === 'cut' && count >= (early.atByte ?? 0)) request.destroy()
    })
    const work = await api.prepare(recorded, request, url, bytes)
    if (early) return void response.destroy()
    const how = faults.take(recorded, 'whole')
    const answer = (done: Done) => {
      recorded.status = done.status
      if (done.error !== undefined) recorded.error = done.error
      send(response, done)
    }
    if (!how) return answer(await work())
    if (how.kind === 'truncate') return answer(await work(how.bytes))
    // With `after` it takes effect, whatever is answered.
    const done = 'after' in how && how.after ? await work() : undefined
    await misbehave(how, recorded, response, answer, async () => done ?? (await work()))
  }

  async function misbehave(
    how: How,
    recorded: Recorded,
    response: ServerResponse,
    answer: (done: Done) => void,
    finish: () => Promise<Done>,
  ): Promise<void> {
    switch (how.kind) {
      case 'cut':
        response.destroy()
        return
      case 'hang':
        if (how.seconds === undefined) return
        // Real time: a client that waits is not helped by the server's clock.
        await new Promise((resolve) => setTimeout(resolve, (how.seconds ?? 0) * 1000).unref())
        return answer(await finish())
      case 'rateLimit':
        return answer(api.refused(limits.refuse(recorded, how.retryAfterSeconds * 1000)))
      case 'refuse':
        return answer(api.refusedWith(how.error))
      case 'status':
        return answer({ status: how.status, headers: how.headers ?? {}, body: how.body ?? 'upstream error' })
    }
  }

  function send(response: ServerResponse, done: Done): void {
    if (done.send) return void done.send(response)
    const body = Buffer.from(done.body)
    response.writeHead(done.status, { 'Content-Length': body.length, ...done.headers })
    response.end(body)
  }

  // A connection closed for idleness just as a client uses it again would be a failure nobody asked for.
  server.keepAliveTimeout = 600_000
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const mustHaveUrl = (): string => {
    if (!state.eventsUrl) throw new Error('eventsUrl is not set')
    return state.eventsUrl
  }

  return {
    apiUrl: `${origin}/api/`,
    origin,
    appId: world.appId,
    appToken: world.appToken,
    signingSecret: world.signingSecret,
    clientId: world.clientId,
    clientSecret: world.clientSecret,
    botName: world.botName,
    clock,
    /** What came in, in order. */
    requests,
    /** Every 429. */
    rateLimited,
    /** What no client should do, though some of it goes through. */
    problems,
    sockets: sockets.control,
    ...people,
    workspace: (wish: WorkspaceWish = {}): Workspace => new Workspace(world, wish),
    enterprise: (wish: { name?: string; installed?: boolean; scopes?: string[] } = {}): Enterprise =>
      new Enterprise(world, wish),
    fail: (fault: Fault) => faults.add(fault),
    /** So many completed uploads from now on never become a message. */
    neverShare(times = 1): void {
      sharing.neverTimes = times
    },
    bytesOf: (file: Pick<SlackFile, 'id'>): Buffer => world.files.bytesOf(file),
    /** Where signed requests go when no socket is open. */
    get eventsUrl(): string | undefined {
      return state.eventsUrl
    },
    set eventsUrl(url: string | undefined) {
      state.eventsUrl = url
    },
    /** Where the next visit of /oauth/v2/authorize installs the app. */
    get installing(): Workspace | Enterprise | undefined {
      return state.installing
    },
    set installing(place: Workspace | Enterprise | undefined) {
      state.installing = place
    },
    /** Slack's look whether the address has TLS; not signed. @returns the status */
    async sslCheck(): Promise<number> {
      const body = `ssl_check=1&token=${world.verificationToken}`
      const type = 'application/x-www-form-urlencoded'
      return (await sendSigned(world, mustHaveUrl(), body, { type, signature: 'none' })).status
    },
    /** Slack's first request to an address for events. @returns whether it gave the challenge back */
    async verifyUrl(): Promise<boolean> {
      const challenge = randomBytes(24).toString('hex')
      const body = JSON.stringify({ token: world.verificationToken, challenge, type: 'url_verification' })
      const { status, text } = await sendSigned(world, mustHaveUrl(), body, { type: 'application/json' })
      return status === 200 && text.includes(challenge)
    },
    /** @throws when anything was noted in `problems` */
    async close(): Promise<void> {
      sockets.stop()
      clock.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (problems.length > 0) throw new Error(`Slack's server has noted:\n${problems.join('\n')}`)
    },
  }
}
