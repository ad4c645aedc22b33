import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import pino from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { nodeRoutes, type Route } from '../../src/web/node-routes.ts'
import { startWebServer } from '../../src/web/server.ts'

const HERE = { host: '127.0.0.1', port: 0 }

/** @returns also what was logged */
async function open(routes: Route[] = []) {
  const lines: string[] = []
  const server = await startWebServer(
    HERE,
    [nodeRoutes(routes)],
    pino({}, { write: (line) => lines.push(line) }),
  )
  afterAll(() => server.stop())
  return { ...server, port: Number(new URL(server.url).port), lines }
}

const hello: Route = { method: 'GET', path: '/hello', handle: (_, response) => response.end('hello') }
const echo: Route = {
  method: 'POST',
  path: '/hello',
  handle: (request, response) => void request.pipe(response),
}

describe('the web server', async () => {
  const { url, port } = await open([hello, echo])

  test('says that it is well', async () => {
    const answer = await fetch(`${url}/healthz`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('ok\n')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('hands each address and method to its own, whatever is asked of it', async () => {
    expect(await (await fetch(`${url}/hello?name=band`)).text()).toBe('hello')
    expect(await (await fetch(`${url}/hello`, { method: 'POST', body: 'words' })).text()).toBe('words')
  })

  test('tells a person in words that an address leads nowhere', async () => {
    const answer = await fetch(`${url}/nope`, { headers: { accept: 'text/html' } })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('There is nothing here')
  })

  test.each([
    ['GET', '/', 404],
    ['GET', '/hello/', 404],
    ['GET', '/HELLO', 404],
    ['GET', '/hello/../../etc/passwd', 404],
    ['POST', '/healthz', 405],
    ['DELETE', '/hello', 405],
    ['OPTIONS', '/hello', 405],
  ])('%s %s is answered with %i', async (method, path, status) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, agent: false }).end()
    const [answer] = await once(request, 'response')
    answer.resume()
    expect(answer.statusCode).toBe(status)
  })

  test.each(['GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'nonsense\r\n\r\n', '\0\0\0\0'])(
    'is not upset by %j',
    async (bytes) => {
      const socket = connect(port, '127.0.0.1')
      socket.end(bytes)
      let said = ''
      socket.setEncoding('utf8').on('data', (part) => {
        said += part
      })
      await once(socket, 'close')
      expect(said).toMatch(/^HTTP\/1\.1 40[04] /)
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
    },
  )

  test.each<[string, Route['handle']]>([
    [
      'throws',
      () => {
        throw new Error('broken by song 12')
      },
    ],
    ['fails later', async () => Promise.reject(new Error('broken by song 12'))],
  ])('a handler that %s is answered with 500, logged, and tells nothing', async (_name, handle) => {
    const { url, lines } = await open([{ method: 'GET', path: '/x', handle }])
    const answer = await fetch(`${url}/x?secret=1`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).toBe('')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('broken by song 12')
    expect(lines[0]).not.toContain('secret')
  })

  test('an answer that breaks in the middle is cut off, so that nobody takes it for whole', async () => {
    const { url, lines } = await open([
      {
        method: 'GET',
        path: '/x',
        async handle(_, response) {
          response.write('half of it')
          await Promise.reject(new Error('broken'))
        },
      },
    ])
    const reading = fetch(`${url}/x`).then((answer) => answer.text())
    await expect(reading).rejects.toThrow()
    expect(lines).toHaveLength(1)
  })

  test.each([
    ['a port that is taken', { host: '127.0.0.1', port }, /PORT \d+.*EADDRINUSE/],
    ['a host that is not here', { host: '203.0.113.1', port: 0 }, /HOST 203\.0\.113\.1 .*EADDRNOTAVAIL/],
  ])('%s is a setting to be corrected', async (_name, where, sentence) => {
    const starting = startWebServer(where, [], pino({ level: 'silent' }))
    await expect(starting).rejects.toMatchObject({
      name: 'UserError',
      code: 'bad_settings',
      message: expect.stringMatching(sentence),
    })
  })

  test('can be reached by an address of IPv6', async () => {
    const server = await startWebServer(
      { host: '::1', port: 0 },
      [nodeRoutes([hello])],
      pino({ level: 'silent' }),
    ).catch((error: Error) => error.message)
    // Not every machine has one.
    if (typeof server === 'string') return expect(server).toContain('HOST ::1')
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect(await (await fetch(`${server.url}/hello`)).text()).toBe('hello')
    await server.stop()
  })
})

describe.concurrent('stopping', () => {
  /** Far less than what is left to answers under way. */
  const SOON_MS = 1_500
  const msOf = async (work: () => Promise<unknown>) => {
    const since = performance.now()
    await work()
    return performance.now() - since
  }

  test('waits for what is being answered, no longer, and takes nothing new', async () => {
    const asked = Promise.withResolvers<void>()
    const may = Promise.withResolvers<void>()
    const { url, stop } = await open([
      {
        method: 'GET',
        path: '/slow',
        async handle(_, response) {
          asked.resolve()
          await may.promise
          response.end('done')
        },
      },
    ])
    const slow = fetch(`${url}/slow`).then((answer) => answer.text())
    await asked.promise
    const stopped = stop()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    may.resolve()
    expect(await slow).toBe('done')
    expect(await msOf(() => stopped)).toBeLessThan(SOON_MS)
  })

  test('does not wait for a connection that is kept for later', async () => {
    const { url, stop } = await open([hello])
    await (await fetch(`${url}/hello`)).text()
    expect(await msOf(stop)).toBeLessThan(SOON_MS)
  })

  test('ends also when an answer never comes, or nothing is ever asked', async () => {
    const asked = Promise.withResolvers<void>()
    const { url, port, stop } = await open([{ method: 'GET', path: '/never', handle: () => asked.resolve() }])
    const silent = connect(port, '127.0.0.1').on('error', () => {})
    await once(silent, 'connect')
    const cut = once(silent, 'close')
    const never = fetch(`${url}/never`).then(
      () => 'answered',
      () => 'cut',
    )
    await asked.promise
    await stop()
    expect(await never).toBe('cut')
    await cut
  })
})
