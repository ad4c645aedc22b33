import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { createDiscordRest } from '../../../src/chat/discord/rest.ts'
import { startDiscord } from '../../support/discord/server.ts'

const CHANNEL = '123456789012345678'

/** Any server in Discord's place, counting what it is asked. */
async function openServer(answer: RequestListener) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const access = { apiUrl: `http://127.0.0.1:${port}/api`, token: 'secret.bot.token', applicationId: '1' }
  return { rest: createDiscordRest(access), asked: () => asked }
}

describe("Discord's REST API", () => {
  test.each<[string, number, Record<string, string>, string, string]>([
    ['a page of a proxy that says 404', 404, {}, '<html>not here</html>', 'chat_unavailable'],
    ['a page of a proxy that says 403', 403, {}, '<html>no</html>', 'chat_unavailable'],
    ['a request that took too long', 408, {}, '', 'chat_unavailable'],
    ['a server that is down', 503, {}, '', 'chat_unavailable'],
    ['a message that is gone', 404, {}, '{"code":10008,"message":"Unknown Message"}', 'chat_gone'],
    ['a channel that is gone', 404, {}, '{"code":10003,"message":"Unknown Channel"}', 'chat_forbidden'],
    ['no access', 403, {}, '{"code":50001,"message":"Missing Access"}', 'chat_forbidden'],
    ['a body that is too large for the edge', 413, {}, '', 'chat_too_large'],
    ['words that are refused', 400, {}, '{"code":200000,"message":"Blocked"}', 'chat_text_refused'],
    ['a mistake of ours', 400, {}, '{"code":50035,"message":"Invalid Form Body"}', 'chat_refused'],
  ])('%s means %5$s', async (_name, status, headers, body, code) => {
    const { rest, asked } = await openServer((_request, response) =>
      response
        .writeHead(status, {
          ...(body.startsWith('{') ? { 'content-type': 'application/json' } : {}),
          ...headers,
        })
        .end(body),
    )
    await expect(rest.request('PATCH', `/channels/${CHANNEL}`, { body: {} })).rejects.toMatchObject({ code })
    expect(asked()).toBe(1)
  })

  test.each<[string, Record<string, string>, object, number]>([
    ['in its header', { 'retry-after': '7' }, {}, 7],
    ['in its body alone', {}, { retry_after: 3.5 }, 3.5],
    ['nowhere', {}, {}, 1],
  ])('a 429 that says %s how long is not repeated, and tells', async (_name, headers, body, seconds) => {
    const { rest, asked } = await openServer((_request, response) =>
      response.writeHead(429, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
    )
    await expect(rest.request('POST', `/channels/${CHANNEL}/messages`, { body: {} })).rejects.toMatchObject({
      code: 'chat_busy',
      retryAfterSeconds: seconds,
      pauses: 'channel',
    })
    expect(asked()).toBe(1)
  })

  test('an answer that never comes is given up in time', async () => {
    const { rest } = await openServer(() => {})
    const call = rest.request('GET', `/channels/${CHANNEL}`, { timeoutSeconds: 0.3 })
    await expect(call).rejects.toMatchObject({ code: 'chat_unavailable' })
  })

  test('what is logged of a failed upload holds neither its bytes nor a token', async () => {
    const { rest } = await openServer((_request, response) => response.writeHead(503).end())
    const form = { bytes: new Uint8Array(5 * 1024 ** 2), contentType: 'multipart/form-data; boundary=x' }
    const route = '/webhooks/1/secret.interaction.token/messages/@original' as const
    const error = await rest
      .request('PATCH', route, { form, byInteraction: true })
      .catch((thrown: Error) => thrown)
    const lines: string[] = []
    pino({}, { write: (line: string) => lines.push(line) }).error({ err: error })
    expect(lines.join('')).toMatch(/chat_unavailable/)
    expect(lines.join('').length).toBeLessThan(5_000)
    expect(lines.join('')).not.toMatch(/secret/)
  })

  test('a token that was refused once is not lost', async () => {
    const discord = await startDiscord()
    afterAll(() => discord.close())
    const { apiUrl, token, applicationId } = discord
    const rest = createDiscordRest({ apiUrl, token, applicationId })
    discord.fail({
      route: /users/,
      times: 1,
      how: { kind: 'refuse', status: 401, code: 0, message: '401: Unauthorized' },
    })
    await expect(rest.request('GET', '/users/@me')).rejects.toMatchObject({ code: 'chat_unauthorized' })
    expect(await rest.request('GET', '/users/@me')).toMatchObject({ id: discord.botUserId })
  })
})
