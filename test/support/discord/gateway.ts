// Discord's gateway, version 10, JSON, not compressed: sessions, heartbeats, events, resuming.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { guildEvent, ownUserShape } from './shapes.ts'
import type { Json, World } from './world.ts'

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  voice: 4,
  resume: 6,
  reconnect: 7,
  members: 8,
  invalidSession: 9,
  hello: 10,
  ack: 11,
} as const
const GUILDS = 1 << 0
const PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
const KNOWN_INTENTS = (1 << 26) - 1
const RESUMABLE_MS = 180_000
const MAX_SENDS_PER_MINUTE = 120

type Event = { t: string; s: number; d: Json }
export type Session = {
  id: string
  intents: number
  shard: [number, number]
  socket: WebSocket | undefined
  /** The server's time when the socket went. */
  lostAtMs: number
  events: Event[]
  sequence: number
}

export type GatewayOptions = {
  heartbeatIntervalMs?: number
  privilegedIntents?: number
  sessionStarts?: number
  /** Discord's is 5; an earlier IDENTIFY is turned away, unless its shard has another remainder by `maxConcurrency`. */
  secondsBetweenIdentifies?: number
  maxConcurrency?: number
  recommendedShards?: number
  /** Discord's is 2500. */
  maxGuildsOfShard?: number
}

export type Gateway = ReturnType<typeof createGateway>

export function createGateway(world: World, options: GatewayOptions) {
  const heartbeatIntervalMs = options.heartbeatIntervalMs ?? 41_250
  const server = new WebSocketServer({ noServer: true })
  const sessions = new Map<string, Session>()
  const sockets = new Set<WebSocket>()
  const startLimit = { total: 1000, remaining: options.sessionStarts ?? 1000 }
  const { maxConcurrency = 1, recommendedShards = 1, maxGuildsOfShard = 2500 } = options
  const counts = { identifies: 0, resumes: 0 }
  const tokens: string[] = []
  let acknowledges = true
  /** By the remainder of the shard. */
  const lastIdentifyMs = new Map<number, number>()
  let refuses = false
  let url = ''

  const send = (socket: WebSocket, op: number, d: unknown, more: object = {}) =>
    socket.send(JSON.stringify({ op, d, s: null, t: null, ...more }))
  const dispatch = (session: Session, t: string, d: Json) => {
    session.sequence += 1
    const event = { t, s: session.sequence, d }
    session.events.push(event)
    if (session.socket) send(session.socket, OP.dispatch, d, { t, s: event.s })
  }
  const isResumable = (one: Session) => one.socket || world.clock.now() - one.lostAtMs < RESUMABLE_MS
  const isOf = ([id, count]: Session['shard'], guildId: string | undefined) =>
    Number(BigInt(guildId ?? 0) >> 22n) % count === id
  /** Direct messages are of no guild, and come to shard 0. */
  const sees = (session: Session, guildId: string | undefined) => isOf(session.shard, guildId)

  const identify = (socket: WebSocket, d: Json): Session | undefined => {
    const intents = d['intents']
    const shard = shardOf(d['shard'])
    const { properties } = d
    tokens.push(String(d['token']))
    counts.identifies += 1
    startLimit.remaining -= 1
    if (d['token'] !== world.token) return refuse(socket, 4004, 'Authentication failed.')
    if (typeof properties !== 'object' || properties === null || d['compress'])
      return refuse(socket, 4002, 'Error while decoding payload.')
    if (typeof intents !== 'number' || (intents & ~KNOWN_INTENTS) !== 0)
      return refuse(socket, 4013, 'Invalid intent(s).')
    if (intents & PRIVILEGED & ~(options.privilegedIntents ?? 0))
      return refuse(socket, 4014, 'Disallowed intent(s).')
    if (!shard) return refuse(socket, 4010, 'Invalid shard.')
    const guilds = [...world.guilds.values()].filter((one) => one.hasBot && isOf(shard, one.id))
    if (guilds.length > maxGuildsOfShard) return refuse(socket, 4011, 'Sharding required.')
    const bucket = shard[0] % maxConcurrency
    const sinceMs = world.clock.now() - (lastIdentifyMs.get(bucket) ?? 0)
    if (sinceMs < (options.secondsBetweenIdentifies ?? 0) * 1000) {
      send(socket, OP.invalidSession, false)
      return undefined
    }
    lastIdentifyMs.set(bucket, world.clock.now())
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents,
      shard,
      socket,
      lostAtMs: 0,
      events: [],
      sequence: 0,
    }
    sessions.set(session.id, session)
    dispatch(session, 'READY', {
      v: 10,
      user: ownUserShape(world.bot),
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: url,
      shard,
      application: { id: world.applicationId, flags: 0 },
      private_channels: [],
      presences: [],
      relationships: [],
      user_settings: {},
      geo_ordered_rtc_regions: [],
      _trace: [],
    })
    if (intents & GUILDS)
      for (const guild of guilds) dispatch(session, 'GUILD_CREATE', guildEvent(guild, world))
    return session
  }

  const resume = (socket: WebSocket, d: Json): Session | undefined => {
    if (d['token'] !== world.token) return refuse(socket, 4004, 'Authentication failed.')
    const session = sessions.get(String(d['session_id']))
    if (!session || !isResumable(session)) {
      send(socket, OP.invalidSession, false)
      return undefined
    }
    const seen = Number(d['seq'])
    if (!(seen <= session.sequence)) return refuse(socket, 4007, 'Invalid `seq`.')
    counts.resumes += 1
    session.socket?.terminate()
    session.socket = socket
    for (const event of session.events)
      if (event.s > seen) {
        send(socket, OP.dispatch, event.d, { t: event.t, s: event.s })
        lost.delete(event.d['id'] as string)
      }
    dispatch(session, 'RESUMED', { _trace: [] })
    return session
  }

  const refuse = (socket: WebSocket, code: number, reason: string): undefined => {
    socket.close(code, reason)
  }

  /** Interactions nobody was there for; a resumed session may still get them. */
  const lost = new Map<string, Json>()

  const speak = (socket: WebSocket) => {
    let session: Session | undefined
    const isIn = () => session?.socket === socket
    let sends: number[] = []
    let silence: NodeJS.Timeout | undefined
    const listen = () => {
      clearTimeout(silence)
      const patienceMs = heartbeatIntervalMs * 2
      silence = setTimeout(() => socket.close(4009, 'Session timed out.'), patienceMs).unref()
    }
    sockets.add(socket)
    send(socket, OP.hello, { heartbeat_interval: heartbeatIntervalMs, _trace: [] })
    listen()
    socket.on('message', (raw) => {
      const now = Date.now()
      sends = [...sends.filter((at) => at > now - 60_000), now]
      if (sends.length > MAX_SENDS_PER_MINUTE) return refuse(socket, 4008, 'Rate limited.')
      let message: { op: number; d: unknown }
      try {
        message = JSON.parse(String(raw))
      } catch {
        return refuse(socket, 4002, 'Error while decoding payload.')
      }
      const d = (message.d ?? {}) as Json
      switch (message.op) {
        case OP.heartbeat:
          listen()
          if (acknowledges) send(socket, OP.ack, null)
          return
        case OP.identify:
          if (isIn()) return refuse(socket, 4005, 'Already authenticated.')
          session = identify(socket, d)
          return
        case OP.resume:
          if (isIn()) return refuse(socket, 4005, 'Already authenticated.')
          session = resume(socket, d)
          return
        case OP.presence:
        case OP.voice:
        case OP.members:
          if (!isIn()) refuse(socket, 4003, 'Not authenticated.')
          return
        default:
          world.problems.push(`gateway: unknown opcode ${message.op}`)
          return refuse(socket, 4001, 'Unknown opcode.')
      }
    })
    socket.on('error', () => {})
    socket.on('close', (code) => {
      clearTimeout(silence)
      sockets.delete(socket)
      if (!session || !isIn()) return
      session.socket = undefined
      session.lostAtMs = world.clock.now()
      // Saying goodbye ends a session.
      if (code === 1000 || code === 1001) sessions.delete(session.id)
    })
  }

  const connected = () => [...sessions.values()].filter((one) => one.socket)

  return {
    /** Where clients connect; known once the server listens. */
    setUrl: (address: string) => {
      url = address
    },
    get url() {
      return url
    },
    startLimit,
    maxConcurrency,
    recommendedShards,
    lost,
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams
      if (refuses) return socket.destroy()
      if (query.get('v') !== '10' || query.get('encoding') !== 'json' || query.get('compress'))
        world.problems.push(`gateway: asked for ${query}`)
      server.handleUpgrade(request, socket, head, speak)
    },
    /** Gives an event to every session that is there or may come back. @returns whether one is there */
    tell(t: string, d: Json, who: { guildId: string | undefined; intent?: number }): boolean {
      for (const session of sessions.values()) {
        if (!isResumable(session)) sessions.delete(session.id)
        else if (sees(session, who.guildId) && (!who.intent || session.intents & who.intent))
          dispatch(session, t, d)
      }
      return connected().some((one) => sees(one, who.guildId))
    },
    sessions: {
      get count() {
        return connected().length
      },
      get ids() {
        return connected().map((one) => one.id)
      },
      get shards() {
        return connected().map((one) => one.shard)
      },
      get identifies() {
        return counts.identifies
      },
      get resumes() {
        return counts.resumes
      },
      /** Tokens clients came with, in order. */
      tokens,
    },
    /** Cuts every connection; sessions can be resumed. */
    drop: () => {
      for (const socket of sockets) socket.terminate()
    },
    /** Ends every session, or asks its client to resume it. */
    invalidate: (resumable: boolean) => {
      for (const session of connected()) {
        const { socket } = session
        session.socket = undefined
        session.lostAtMs = world.clock.now()
        if (!resumable) sessions.delete(session.id)
        if (socket) send(socket, OP.invalidSession, resumable)
      }
    },
    /** Asks every client to come again. */
    reconnect: () => {
      for (const { socket } of connected()) if (socket) send(socket, OP.reconnect, null)
    },
    close: (code: number) => {
      for (const socket of sockets) socket.close(code)
    },
    /** Heartbeats are not answered any more: the connection is a zombie. */
    pause: () => {
      acknowledges = false
    },
    resume: () => {
      acknowledges = true
    },
    /** Whether new connections are refused. */
    refuse: (whether: boolean) => {
      refuses = whether
    },
    stop: () => {
      for (const socket of sockets) socket.terminate()
      server.close()
    },
  }
}

/** `[id, count]` as IDENTIFY has it; undefined when it makes no sense. */
function shardOf(given: unknown): Session['shard'] | undefined {
  if (given === undefined) return [0, 1]
  if (!Array.isArray(given) || given.length !== 2 || !given.every(Number.isInteger)) return undefined
  const [id, count] = given as Session['shard']
  return id >= 0 && id < count ? [id, count] : undefined
}
