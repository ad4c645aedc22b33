// Socket Mode: one-use addresses, envelopes to one of the open sockets, and their acks.
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { parse } from './body.ts'
import { isObject, type Json } from './rules.ts'
import type { World } from './world.ts'

export const ACK_WITHIN_MS = 3000
const MOST_SOCKETS = 10
const TICKET_LIFE_MS = 30_000
const PING_EVERY_MS = 10_000
/** How long a socket stays open after it was told to go. */
const LEAVE_MS = 10_000

export type Envelope = {
  envelope_id: string
  type: 'slash_commands' | 'interactive' | 'events_api'
  payload: Json
  accepts_response_payload: boolean
  retry_attempt?: number
  retry_reason?: string
}
/** Undefined: nothing came in time. */
export type SocketAck = { afterMs: number; payload: unknown } | undefined

type Socket = { ws: WebSocket; leaves: boolean }
type Pending = { envelope: Envelope; socket: Socket; sentMs: number; done: (ack: SocketAck) => void }

export type Sockets = ReturnType<typeof createSockets>

export function createSockets(world: World) {
  const server = new WebSocketServer({ noServer: true })
  const tickets = new Map<string, number>()
  const open = new Set<Socket>()
  const pending: Pending[] = []
  /** Ids of envelopes that were acked or given up. */
  const settled = new Set<string>()
  let opened = 0
  const { problems } = world

  const accept = (ws: WebSocket) => {
    const socket: Socket = { ws, leaves: false }
    ws.on('error', () => {})
    ws.on('message', (data) => take(socket, data.toString()))
    if (open.size >= MOST_SOCKETS) {
      ws.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets', debug_info: DEBUG }))
      ws.close()
      problems.push(`more than ${MOST_SOCKETS} sockets`)
      return
    }
    open.add(socket)
    opened += 1
    const pings = setInterval(() => ws.ping(), PING_EVERY_MS).unref()
    ws.on('close', () => {
      clearInterval(pings)
      open.delete(socket)
    })
    const hello = {
      type: 'hello',
      num_connections: open.size,
      debug_info: { ...DEBUG, build_number: 1, approximate_connection_time: 18_060 },
      connection_info: { app_id: world.appId },
    }
    ws.send(JSON.stringify(hello))
    // Slack pings at once too; clients judge the connection by it.
    ws.ping()
  }

  const take = (socket: Socket, text: string) => {
    const ack = parse(text)
    if (!isObject(ack) || typeof ack['envelope_id'] !== 'string')
      return problems.push(`malformed ack over a socket: ${text}`)
    const { envelope_id: id, payload, ...others } = ack
    if (Object.keys(others).length > 0) problems.push(`an ack has other fields: ${Object.keys(others)}`)
    const at = pending.findIndex((one) => one.envelope.envelope_id === id && one.socket === socket)
    const found = pending[at]
    if (!found) {
      if (!settled.has(id as string)) problems.push(`ack of an unknown envelope: ${id}`)
      return
    }
    pending.splice(at, 1)
    settled.add(id as string)
    const hasPayload = payload !== undefined && !(isObject(payload) && Object.keys(payload).length === 0)
    if (hasPayload && !found.envelope.accepts_response_payload)
      problems.push(`ack of ${found.envelope.type} takes no payload: ${text}`)
    found.done({ afterMs: Date.now() - found.sentMs, payload })
  }

  return {
    /** What apps.connections.open gives. */
    newUrl(): string {
      const ticket = randomBytes(16).toString('hex')
      tickets.set(ticket, Date.now() + TICKET_LIFE_MS)
      return `${world.origin().replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${world.appId}`
    },
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const url = new URL(request.url ?? '/', world.origin())
      const ticket = url.searchParams.get('ticket') ?? ''
      const untilMs = tickets.get(ticket) ?? 0
      tickets.delete(ticket)
      if (url.pathname === '/link/' && untilMs > Date.now())
        return void server.handleUpgrade(request, socket, head, accept)
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    },
    get isUsable(): boolean {
      return [...open].some((one) => !one.leaves)
    },
    /** To one socket, by chance. */
    send(envelope: Omit<Envelope, 'envelope_id'>, envelopeId: string = randomUUID()): Promise<SocketAck> {
      const usable = [...open].filter((one) => !one.leaves)
      const socket = usable[Math.floor(Math.random() * usable.length)]
      if (!socket) return Promise.resolve(undefined)
      const whole: Envelope = { envelope_id: envelopeId, ...envelope }
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          pending.splice(pending.indexOf(one), 1)
          settled.add(envelopeId)
          // A process that died could not have answered; one that lives should have.
          if (open.has(socket)) problems.push(`no ack of ${envelope.type} within ${ACK_WITHIN_MS} ms`)
          resolve(undefined)
        }, ACK_WITHIN_MS)
        const done = (ack: SocketAck) => {
          clearTimeout(timer)
          resolve(ack)
        }
        const one: Pending = { envelope: whole, socket, sentMs: Date.now(), done }
        pending.push(one)
        socket.ws.send(JSON.stringify(whole))
      })
    },
    control: {
      get count(): number {
        return open.size
      },
      get opened(): number {
        return opened
      },
      /** Tells all to reconnect, or breaks their connections. */
      close(kind: 'refresh_requested' | 'warning' | 'cut' = 'refresh_requested'): void {
        for (const socket of open) {
          if (kind === 'cut') socket.ws.terminate()
          else {
            socket.leaves = true
            socket.ws.send(JSON.stringify({ type: 'disconnect', reason: kind, debug_info: DEBUG }))
            setTimeout(() => socket.ws.terminate(), LEAVE_MS).unref()
          }
        }
      },
      /** Until at least so many are open, or none. @throws after 10 s */
      async waitFor(count: number): Promise<void> {
        const untilMs = Date.now() + 10_000
        const usable = () => [...open].filter((one) => !one.leaves).length
        while (count === 0 ? open.size > 0 : usable() < count) {
          if (Date.now() > untilMs) throw new Error(`${usable()} sockets are open, not ${count}`)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      },
    },
    stop(): void {
      for (const { ws } of open) ws.terminate()
      server.close()
    },
  }
}

const DEBUG = { host: 'applink-loopback' }
