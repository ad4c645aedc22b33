// A door in front of a server that can be shut: connections are cut and new ones refused until it opens again.

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export async function openDoor(target: { host: string; port: number }) {
  const sockets = new Set<Socket>()
  let server: Server
  let port = 0
  const listen = async () => {
    server = createServer((inner) => {
      const outer = connect(target)
      for (const socket of [inner, outer]) {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          sockets.delete(socket)
          inner.destroy()
          outer.destroy()
        })
      }
      inner.pipe(outer).pipe(inner)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
  }
  const shut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen()
  return { port, shut, open: listen }
}
