// A server on loopback that must not be reached.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll } from 'vitest'

export async function openCanary() {
  let seen = 0
  const server = createServer((socket) => {
    seen++
    socket.on('error', () => {})
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret')
  })
  server.listen(0)
  await once(server, 'listening')
  afterAll(() => {
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen: () => seen }
}
