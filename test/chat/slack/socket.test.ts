// A connection to a Slack that does odd things: nothing ends over it, and nothing is opened in a hurry.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createSocket } from '../../../src/chat/slack/gateway/socket.ts'
import { createLog } from '../../../src/log.ts'
import { until } from '../../support/until.ts'

const HELLO = JSON.stringify({ type: 'hello' })

/** @param greet what is done with each connection @param refuse what apps.connections.open says in place of an address */
async function openSlack(greet: (socket: WebSocket) => void, refuse?: () => object | undefined) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(refuse?.() ?? { ok: true, url }))
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => greet(socket.on('error', () => {}))),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connection = createSocket(
    { apiUrl: `http://127.0.0.1:${port}/api/`, appToken: 'xapp-1' },
    createLog('silent'),
  )
  const received: string[] = []
  connection.receiver.client.on('slack_event', ({ type }: { type: string }) => received.push(type))
  connection.open()
  afterAll(async () => {
    await connection.close()
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { connection, received, asked: () => asked }
}

test('one that is closed right after its hello is not opened again at once', async () => {
  const slack = await openSlack((socket) => {
    socket.send(HELLO)
    socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }))
    socket.close()
  })
  const startedAt = performance.now()
  await until(() => slack.asked() === 3)
  // Half a second, then one.
  expect(performance.now() - startedAt).toBeGreaterThan(1400)
})

test('frames that make no sense are passed over, and what follows is heard', async () => {
  const { received } = await openSlack((socket) => {
    const envelope = { envelope_id: '1', payload: { type: 'event_callback' } }
    const odd = ['null', '[]', '7', '{', JSON.stringify({ type: 'events_api', ...envelope })]
    for (const frame of [HELLO, ...odd, JSON.stringify({ type: 'slash_commands', ...envelope })])
      socket.send(frame)
  })
  await until(() => received.length > 0)
  expect(received).toEqual(['slash_commands'])
})

test('a failure to open is not repeated at once', async () => {
  let isFirst = true
  const times: number[] = []
  const slack = await openSlack(
    (socket) => socket.send(HELLO),
    () => {
      times.push(performance.now())
      const refused = isFirst ? { ok: false, error: 'internal_error' } : undefined
      isFirst = false
      return refused
    },
  )
  await until(() => slack.asked() === 2)
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(450)
})

test('closing waits for nobody', async () => {
  const { connection } = await openSlack((socket) => {
    socket.send(HELLO)
    // Never reads again.
    ;(socket as unknown as { _socket: { pause(): void } })._socket.pause()
  })
  await until(() => connection.receiver.client.listenerCount('disconnected') > 0)
  const startedAt = performance.now()
  await connection.close()
  expect(performance.now() - startedAt).toBeLessThan(3000)
})
