import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import pino from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { slackError } from '../../../src/chat/slack/meanings.ts'
import { respond } from '../../../src/chat/slack/respond.ts'
import { sendFile } from '../../../src/chat/slack/send-file.ts'
import { createSlackWeb } from '../../../src/chat/slack/web.ts'
import type { Place } from '../../../src/domain/source.ts'
import { ChatError } from '../../../src/errors.ts'
import { until } from '../../support/until.ts'

const TOKEN = 'xoxb-secret-token'
const PLACE: Place = { installation: '-/T1', workspace: 'T1' }
const folder = await mkdtemp(join(tmpdir(), 'sound-forge-web-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

type Asked = { path: string; headers: IncomingMessage['headers']; body: Buffer }

/** Any server in Slack's place, with what it was asked. @param answer is called when a request has come whole */
async function openServer(answer: RequestListener) {
  const asked: Asked[] = []
  const url = await listenOn((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      asked.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) })
      answer(request, response)
    })
  })
  return { url, asked }
}

async function listenOn(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function openSlack(answer: RequestListener, { single = true } = {}) {
  const { url, asked } = await openServer(answer)
  const web = createSlackWeb({ apiUrl: `${url}/api/`, installations: { tokenOf: async () => TOKEN }, single })
  return { web, asked }
}

const json = (response: ServerResponse, body: unknown, status = 200, headers = {}) =>
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
const saying = (body: unknown) => (_request: IncomingMessage, response: ServerResponse) =>
  json(response, body)
const failing = (error: string, more: object = {}) => saying({ ok: false, error, ...more })

async function failureOf(work: Promise<unknown>): Promise<ChatError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ChatError)) throw new Error(`no ChatError: ${inspect(error)}`)
  return error
}

/** Everything that a log, or a person who debugs, could make of it. */
function everythingIn(error: Error): string {
  const lines: string[] = []
  pino({}, { write: (line: string) => lines.push(line) }).error({ err: error })
  const own = [error, error.cause].map((one) => JSON.stringify(one, Object.getOwnPropertyNames(one ?? {})))
  return [inspect(error, { depth: 20, showHidden: true }), ...own, ...lines].join('\n')
}

describe("Slack's Web API", () => {
  test('a call carries its token in the header alone, and gives the answer', async () => {
    const { web, asked } = await openSlack(saying({ ok: true, ts: '1.2' }))
    const blocks = [{ type: 'divider' }]
    expect(
      await web.call(PLACE, 'chat.postMessage', { channel: 'C1', blocks, thread_ts: null }),
    ).toMatchObject({
      ts: '1.2',
    })
    expect(asked).toHaveLength(1)
    const [{ path, headers, body }] = asked as [Asked]
    expect(path).toBe('/api/chat.postMessage')
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
      channel: 'C1',
      blocks: JSON.stringify(blocks),
    })
  })

  test.each<[string, RequestListener]>([
    ['a server that is down', (_request, response) => response.writeHead(500).end()],
    [
      'a server that is down and says so in JSON',
      (_, response) => json(response, { ok: false, error: 'x' }, 503),
    ],
    ['a server that has no time', (_, response) => response.writeHead(408).end('<html>no</html>')],
    ['a page of a proxy that says 200', (_, response) => response.end('<html>Please sign in</html>')],
    ['a redirect', (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end()],
    ['a connection that is cut', (request) => request.socket.destroy()],
    [
      'an answer that is cut in the middle',
      (request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 })
        response.write('{"ok":true,', () => request.socket.destroy())
      },
    ],
    ['an answer that never comes', () => {}],
    ['an empty answer', (_, response) => response.end()],
    ['an answer that is null', saying(null)],
    ['an answer that says neither yes nor no', saying({})],
    ['an answer that is a list', saying([])],
    ['an answer whose no is no word', saying({ ok: false, error: { code: 5 } })],
  ])('after %s nobody knows, and it is not repeated', async (_name, answer) => {
    const { web, asked } = await openSlack(answer)
    const call = web.call(PLACE, 'chat.postMessage', { channel: 'C1' }, { timeoutSeconds: 0.4 })
    await expect(call).rejects.toMatchObject({ code: 'chat_unavailable', passing: true })
    expect(asked).toHaveLength(1)
  })

  test('a server that is not there is unavailable', async () => {
    const apiUrl = 'http://127.0.0.1:9/api/'
    const web = createSlackWeb({ apiUrl, installations: { tokenOf: async () => TOKEN }, single: true })
    await expect(web.call(PLACE, 'auth.test', {})).rejects.toMatchObject({ code: 'chat_unavailable' })
  })

  test.each([
    ['chat.update', '7', 7, 'workspace'],
    ['chat.postMessage', '30', 30, 'channel'],
    ['conversations.history', '60', 60, 'call'],
    ['files.completeUploadExternal', '0', 1, 'call'],
  ])(
    'a 429 for %s says how long and for what to wait, and is not repeated',
    async (method, header, seconds, pauses) => {
      const { web, asked } = await openSlack((_request, response) =>
        json(response, { ok: false, error: 'ratelimited' }, 429, { 'Retry-After': header }),
      )
      await expect(web.call(PLACE, method, {})).rejects.toMatchObject({
        code: 'chat_busy',
        retryAfterSeconds: seconds,
        pauses,
      })
      expect(asked).toHaveLength(1)
    },
  )

  test.each([{}, { 'Retry-After': 'soon' }])(
    'a 429 that does not say how long is unavailable: %j',
    async (headers) => {
      const { web, asked } = await openSlack((_request, response) => json(response, {}, 429, headers))
      await expect(web.call(PLACE, 'chat.update', {})).rejects.toMatchObject({ code: 'chat_unavailable' })
      expect(asked).toHaveLength(1)
    },
  )

  test('one call that has to wait holds back no other', async () => {
    const { web, asked } = await openSlack(({ url }, response) =>
      url?.endsWith('chat.update')
        ? json(response, {}, 429, { 'Retry-After': '300' })
        : json(response, { ok: true }),
    )
    const updates = [1, 2].map(() => web.call(PLACE, 'chat.update', {}))
    const posts = [1, 2, 3].map(() => web.call(PLACE, 'chat.postMessage', {}))
    for (const update of updates) await expect(update).rejects.toMatchObject({ code: 'chat_busy' })
    expect(await Promise.all(posts)).toHaveLength(3)
    await web.call(PLACE, 'chat.postMessage', {})
    expect(asked).toHaveLength(6)
  }, 5_000)

  test('an HTTP status that says no, and will again, is a refusal', async () => {
    for (const status of [400, 403, 404]) {
      const { web } = await openSlack((_, response) => response.writeHead(status).end('<html>no</html>'))
      await expect(web.call(PLACE, 'auth.test', {})).rejects.toMatchObject({
        code: 'chat_refused',
        passing: false,
      })
    }
  })

  test.each([
    ...['message_not_found', 'thread_not_found'].map((word) => [word, 'chat_gone']),
    ...['cant_update_message', 'edit_window_closed'].map((word) => [word, 'chat_uneditable']),
    ...['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long', 'msg_too_long'].map((word) => [
      word,
      'chat_text_refused',
    ]),
    ['file_upload_size_restricted', 'chat_too_large'],
    ['storage_limit_reached', 'chat_storage_full'],
    ['file_uploads_disabled', 'chat_uploads_off'],
    ['file_uploads_except_images_disabled', 'chat_uploads_off'],
    ['slack_connect_file_upload_sharing_blocked', 'chat_uploads_off'],
    ['file_type_not_allowed', 'chat_type_refused'],
    ['slack_connect_blocked_file_type', 'chat_type_refused'],
    ...['ratelimited', 'rate_limited', 'message_limit_exceeded'].map((word) => [word, 'chat_busy']),
    ...['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'].map((word) => [
      word,
      'chat_unavailable',
    ]),
    ['team_added_to_org', 'chat_unavailable'],
    ['org_login_required', 'chat_unavailable'],
    ...['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive'].map((word) => [
      word,
      'chat_unauthorized',
    ]),
    ['app_access_restricted', 'chat_unauthorized'],
    ['channel_not_found', 'chat_forbidden'],
    ['not_in_channel', 'chat_forbidden'],
    ...['no_text', 'invalid_arguments', 'metadata_too_large', 'a_word_of_tomorrow'].map((word) => [
      word,
      'chat_refused',
    ]),
  ] as [string, string][])('%s means %s', async (word, code) => {
    const { web, asked } = await openSlack(failing(word))
    const error = await failureOf(web.call(PLACE, 'chat.update', {}))
    expect(error.code).toBe(code)
    expect(slackError(error)).toBe(word)
    expect(asked).toHaveLength(1)
    if (code === 'chat_busy') expect(error).toMatchObject({ retryAfterSeconds: 60, pauses: 'workspace' })
  })

  test.each([
    ['is_archived', /archived: use another/],
    ['is_inactive', /archived: use another/],
    ['restricted_action', /Only some people may post/],
    ['restricted_action_read_only_channel', /Only some people may post/],
    ['restricted_action_thread_only_channel', /Only some people may post/],
    ['posting_to_channel_denied', /Only some people may post/],
    ['ekm_access_denied', /Only some people may post/],
    ['slack_connect_canvas_sharing_blocked', /shared with another organisation/],
    ['not_allowed_for_connect_channel', /shared with another organisation/],
    ['messages_tab_disabled', /directly/],
    ['team_access_not_granted', /granted this workspace/],
  ])('%s is said in words that help', async (word, sentence) => {
    const { web } = await openSlack(failing(word))
    const error = await failureOf(web.call(PLACE, 'chat.postMessage', {}))
    expect(error).toMatchObject({ code: 'chat_forbidden', passing: false })
    expect(error.message).toMatch(sentence)
  })

  test('a right that is missing is named', async () => {
    const { web } = await openSlack(
      failing('missing_scope', { needed: 'files:write', provided: 'chat:write' }),
    )
    const error = await failureOf(web.call(PLACE, 'files.getUploadURLExternal', {}))
    expect(error.code).toBe('chat_forbidden')
    expect(error.message).toContain('(files:write)')
  })

  test('a dead token is the operator’s to mend; that of an installation, the workspace’s', async () => {
    const single = await openSlack(failing('token_revoked'), { single: true })
    await expect(single.web.call(PLACE, 'chat.update', {})).rejects.toMatchObject({
      code: 'chat_unauthorized',
    })
    const many = await openSlack(failing('token_revoked'), { single: false })
    await expect(many.web.call(PLACE, 'chat.update', {})).rejects.toMatchObject({
      code: 'chat_forbidden',
      message: 'I am not installed in this workspace any more: install me again, then retry.',
    })
  })

  test.each<[string, RequestListener]>([
    ['a no', failing('invalid_arguments', { response_metadata: { messages: ['[ERROR] no such field'] } })],
    [
      'a page',
      (request, response) =>
        response.writeHead(500, { 'x-back': String(request.headers.authorization) }).end(TOKEN),
    ],
    ['a page that is no error', (_, response) => response.end(`<html>${TOKEN} words of the song</html>`)],
    ['a pause', (_, response) => response.writeHead(429, { 'Retry-After': 5 }).end(TOKEN)],
    ['a cut connection', (request) => request.socket.destroy()],
    ['silence', () => {}],
  ])('what is known of %s holds neither the token nor what was said', async (_name, answer) => {
    const { web } = await openSlack(answer)
    const body = { channel: 'C1', text: 'words of the song' }
    const error = await failureOf(web.call(PLACE, 'chat.postMessage', body, { timeoutSeconds: 0.3 }))
    const all = everythingIn(error)
    expect(all).toContain('ChatError')
    expect(all).not.toContain(TOKEN)
    expect(all).not.toContain('words of the song')
    expect(all.length).toBeLessThan(20_000)
  })

  test.each([
    ['an enterprise-wide installation', 'E1/-', 'T7'],
    ['the installation of one workspace of an enterprise', 'E1/T7', null],
    ['a workspace of its own', '-/T7', null],
  ])('by %s the workspace is told where it has to be', async (_name, installation, team) => {
    const { web, asked } = await openSlack(saying({ ok: true }))
    await web.call({ installation, workspace: 'T7' }, 'chat.postMessage', { channel: 'C1' })
    expect(new URLSearchParams(asked[0]?.body.toString()).get('team_id')).toBe(team)
  })

  test('a call ends when its signal says so', async () => {
    const ending = new AbortController()
    const { web, asked } = await openSlack(() => ending.abort(new Error('enough')))
    await expect(web.call(PLACE, 'files.info', {}, { signal: ending.signal })).rejects.toThrow('enough')
    await expect(web.call(PLACE, 'files.info', {}, { signal: ending.signal })).rejects.toThrow('enough')
    expect(asked).toHaveLength(1)
  })
})

describe('a file for Slack', () => {
  const fileOf = async (bytes: number) => {
    const [path, content] = [join(folder, crypto.randomUUID()), randomBytes(bytes)]
    await writeFile(path, content)
    return { path, content }
  }
  const never = new AbortController().signal
  const SECRET_PATH = '/upload/v1/secret-of-the-upload'

  test('is sent as it is, with its length and without a token', async () => {
    const { url, asked } = await openServer((_, response) => response.end('OK - 3000001'))
    const { path, content } = await fileOf(3_000_001)
    await sendFile(`${url}${SECRET_PATH}?a=b`, path, content.length, never)
    expect(asked).toHaveLength(1)
    const [{ path: where, headers, body }] = asked as [Asked]
    expect(where).toBe(`${SECRET_PATH}?a=b`)
    expect(body.equals(content)).toBe(true)
    expect(headers['content-length']).toBe('3000001')
    expect(headers).not.toHaveProperty('transfer-encoding')
    expect(headers).not.toHaveProperty('authorization')
  })

  test.each<[string, RequestListener]>([
    ['is put off', (_, response) => response.writeHead(503).end('no')],
    ['meets a server that is down', (_, response) => response.writeHead(503).end()],
    ['is redirected', (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end()],
    ['arrives short', (_, response) => response.end('OK - 999')],
    ['is not answered', (request) => request.socket.destroy()],
    [
      'is answered by half',
      (request, response) =>
        response.writeHead(200, { 'Content-Length': 100 }).write('OK', () => request.socket.destroy()),
    ],
  ])('that %s has not arrived', async (_name, answer) => {
    const { url, asked } = await openServer(answer)
    const { path } = await fileOf(1000)
    const error = await failureOf(sendFile(`${url}${SECRET_PATH}`, path, 1000, never))
    expect(error.code).toBe('chat_unavailable')
    expect(everythingIn(error)).not.toContain('secret-of-the-upload')
    expect(asked).toHaveLength(1)
  })

  test('whose size the answer does not name has arrived', async () => {
    const { url } = await openServer((_, response) => response.end('OK'))
    const { path } = await fileOf(1000)
    await expect(sendFile(url, path, 1000, never)).resolves.toBeUndefined()
  })

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => unknown]>([
    ['is cut', (request) => request.socket.destroy()],
    [
      'is answered with a no',
      (request, response) =>
        response.writeHead(503, { Connection: 'close' }).end('no', () => request.socket.destroy()),
    ],
  ])(
    'whose connection %s in the middle has not arrived, and another one goes through',
    async (_name, end) => {
      let isFirst = true
      const url = await listenOn((request, response) => {
        if (isFirst) {
          isFirst = false
          request.once('data', () => end(request, response))
          return
        }
        let bytes = 0
        request.on('data', (part: Buffer) => {
          bytes += part.length
        })
        request.on('end', () => response.end(`OK - ${bytes}`))
      })
      // More than any socket buffers.
      const { path, content } = await fileOf(24 * 1024 ** 2)
      await expect(sendFile(url, path, content.length, never)).rejects.toMatchObject({
        code: 'chat_unavailable',
      })
      await sendFile(url, path, content.length, never)
    },
  )

  test('that may not be sent there is refused, and not tried again', async () => {
    const { path, content } = await fileOf(1000)
    const { url } = await openServer((_, response) => response.writeHead(403).end('no'))
    await expect(sendFile(url, path, content.length, never)).rejects.toMatchObject({ code: 'chat_refused' })
  })

  test('that is not there any more has not arrived', async () => {
    const { url } = await openServer((_, response) => response.end('OK'))
    const missing = join(folder, 'missing')
    await expect(sendFile(url, missing, 10, never)).rejects.toMatchObject({ code: 'chat_unavailable' })
  })

  test('for which Slack gave no address has not arrived', async () => {
    const { path } = await fileOf(10)
    await expect(sendFile('secret', path, 10, never)).rejects.toMatchObject({ code: 'chat_unavailable' })
  })

  test('that nobody wants any more is not sent on', async () => {
    const ending = new AbortController()
    let isOver = false
    const url = await listenOn((request) => {
      request.once('data', () => ending.abort(new Error('enough')))
      request.on('close', () => {
        isOver = !request.complete
      })
      request.on('error', () => {})
      request.resume()
    })
    const { path, content } = await fileOf(24 * 1024 ** 2)
    await expect(sendFile(url, path, content.length, ending.signal)).rejects.toThrow('enough')
    await until(() => isOver)
  })
})

describe('the address of an answer', () => {
  const SECRET_PATH = '/commands/T1/1/secret-of-the-answer'

  test('is told in private, and what is there already stays', async () => {
    const { url, asked } = await openServer((_, response) => response.end('ok'))
    await respond(`${url}${SECRET_PATH}`, 'Only *you*.')
    expect(asked.map(({ path }) => path)).toEqual([SECRET_PATH])
    expect(asked[0]?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(String(asked[0]?.body))).toEqual({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'Only *you*.',
    })
  })

  test.each<[string, RequestListener, string]>([
    ['is used up', (_, response) => response.writeHead(404).end('used_url'), 'chat_expired'],
    ['takes nothing more', (_, response) => response.writeHead(410).end('expired_url'), 'chat_expired'],
    ['is down', (_, response) => response.writeHead(502).end('<html>'), 'chat_unavailable'],
    [
      'leads elsewhere',
      (_, response) => response.writeHead(302, { Location: '/other' }).end(),
      'chat_unavailable',
    ],
    ['is cut off', (request) => request.socket.destroy(), 'chat_unavailable'],
  ])('that %s is asked once and kept secret', async (_name, answer, code) => {
    const { url, asked } = await openServer(answer)
    const error = await failureOf(respond(`${url}${SECRET_PATH}`, 'x'))
    expect(error.code).toBe(code)
    expect(asked).toHaveLength(1)
    expect(everythingIn(error)).not.toContain('secret-of-the-answer')
  })

  test('that is none at all is kept secret too', async () => {
    const error = await failureOf(respond('secret-of-the-answer', 'x'))
    expect(error.code).toBe('chat_unavailable')
    expect(everythingIn(error)).not.toContain('secret-of-the-answer')
  })
})
