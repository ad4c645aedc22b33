// The tests' Slack is as strict as the real one: each of its rules, met by Slack's own WebClient and Bolt.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { App, HTTPReceiver, type Installation, SocketModeReceiver } from '@slack/bolt'
import { WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from '@slack/web-api'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Channel, SCOPES, type Slack, startSlack, type Workspace } from '../../support/slack/server.ts'
import { until } from '../../support/until.ts'

type Json = Record<string, unknown>
const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as never,
  setName() {},
}
const times = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))

let slack: Slack
beforeAll(async () => {
  slack = await startSlack()
})
afterEach(() => expect(slack.problems.splice(0)).toEqual([]))
afterAll(() => slack.close())

const client = (token: string | undefined) =>
  new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 5000,
    logger: quiet,
  })
const call = (place: Workspace | Channel, method: string, args: Json = {}) => {
  const workspace = 'workspace' in place ? place.workspace : place
  const channel = 'workspace' in place && !('channel_id' in args) ? { channel: place.id } : {}
  return client(workspace.token).apiCall(method, { ...channel, ...args }) as Promise<unknown> as Promise<Json>
}
const post = (channel: Channel, args: Json = { text: 'hello' }) => call(channel, 'chat.postMessage', args)
/** The error; with what it says about it, when asked. */
async function refused(request: Promise<unknown>, whole = false): Promise<string> {
  const error = await request.then(
    (value) => new Error(`not refused: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof WebAPIRateLimitedError) return `ratelimited ${error.retryAfter}`
  if (!(error instanceof WebAPIPlatformError)) throw error
  return whole ? JSON.stringify(error.data) : error.data.error
}
/** That it was noted, and that nothing else was. */
const noted = (...wanted: (string | RegExp)[]) => {
  const all = slack.problems.splice(0)
  expect(all).toHaveLength(wanted.length)
  wanted.forEach((one, n) => {
    expect(all[n]).toMatch(one)
  })
}

const button = (more: Json = {}): Json => ({
  type: 'button',
  text: { type: 'plain_text', text: 'Cancel' },
  action_id: 'cancel',
  value: 'job-1',
  ...more,
})
const menu = (...options: Json[]): Json => ({ type: 'static_select', action_id: 'choose', options })
const choice = (value: string, more: Json = {}): Json => ({
  text: { type: 'plain_text', text: value },
  value,
  ...more,
})
const actions = (...elements: Json[]): Json => ({ type: 'actions', elements })
const section = (text: string): Json => ({ type: 'section', text: { type: 'mrkdwn', text } })

describe('tokens', () => {
  test('what a token is and may do', async () => {
    const workspace = slack.workspace({ scopes: ['chat:write'] })
    const channel = workspace.channel()
    const own = (await client(workspace.token).auth.test()) as unknown as Json & { response_metadata: Json }
    expect(own).toMatchObject({
      user_id: workspace.botUserId,
      bot_id: workspace.botId,
      team_id: workspace.id,
    })
    expect(own.response_metadata['scopes']).toEqual(['chat:write'])
    expect(await refused(client(undefined).auth.test())).toBe('not_authed')
    expect(await refused(client('xoxb-0').auth.test())).toBe('invalid_auth')
    expect(await refused(client(slack.appToken).auth.test())).toBe('not_allowed_token_type')
    expect(await refused(client(workspace.token).apps.connections.open({}))).toBe('not_allowed_token_type')
    expect(await refused(call(channel, 'conversations.history'), true)).toContain(
      '"needed":"channels:history"',
    )
    expect(await refused(call(workspace, 'users.info', { user: 'U1' }), true)).toContain(
      '"provided":"chat:write"',
    )
    expect(await refused(call(workspace, 'views.open', {}), true)).toContain(
      'missing required field: trigger_id',
    )
    await call(workspace, 'auth.revoke')
    expect(await refused(post(channel))).toBe('token_revoked')
    const other = slack.workspace()
    const place = other.channel()
    const removed = await slack.event(other, 'app_uninstalled')
    expect(await removed.answer).toMatchObject({ status: 0, error: 'dispatch_failed' })
    expect(await refused(post(place))).toBe('account_inactive')
    expect(await refused(call(slack.workspace(), 'files.upload'))).toBe('unknown_method')
    noted('unknown method: files.upload')
  })

  test('JSON, forms and queries are read alike; what is neither is refused', async () => {
    const channel = slack.workspace().channel()
    const { token } = channel.workspace
    const send = async (path: string, init: RequestInit = {}) =>
      (await (await fetch(`${slack.apiUrl}${path}`, init)).json()) as Json
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json; charset=utf-8' }
    const body = JSON.stringify({ channel: channel.id, text: 'a', blocks: [section('b')] })
    expect(await send('chat.postMessage', { method: 'POST', headers, body })).toMatchObject({ ok: true })
    expect(await send(`auth.test?token=${token}`)).toMatchObject({ ok: true })
    expect(await send('auth.test', { method: 'POST', headers, body: '{' })).toMatchObject({
      error: 'invalid_json',
    })
    expect(channel.messages[0]?.blocks).toMatchObject([section('b')])
    await post(channel, { text: 'a', colour: 'red' })
    noted('chat.postMessage does not take colour')
  })

  test('people, teams and bots', async () => {
    const workspace = slack.workspace({ scopes: [...SCOPES, 'team:read', 'im:write'] })
    const admin = workspace.user({ name: 'ann', admin: true })
    const person = { user: { id: admin.id, is_admin: true, name: 'ann' } }
    expect(await call(workspace, 'users.info', { user: admin.id })).toMatchObject(person)
    expect(await call(workspace, 'bots.info', { bot: workspace.botId })).toMatchObject({
      bot: { name: 'stems' },
    })
    expect(await call(workspace, 'team.info')).toMatchObject({ team: { domain: workspace.domain } })
    const dm = workspace.dm(admin)
    expect(await call(workspace, 'conversations.open', { users: admin.id })).toMatchObject({
      channel: { id: dm.id },
    })
    const stranger = slack.workspace().user()
    expect(await refused(call(workspace, 'users.info', { user: stranger.id }))).toBe('user_not_found')
  })
})

describe('posting and editing', () => {
  test('where the bot may write', async () => {
    const workspace = slack.workspace()
    const [user, other] = [workspace.user(), workspace.user()]
    const no = async (channel: Channel, args?: Json) => refused(post(channel, args))
    expect(await no(workspace.channel({ botIsMember: false }))).toBe('not_in_channel')
    expect(await no(workspace.channel({ private: true, botIsMember: false }))).toBe('channel_not_found')
    expect(await no(workspace.dm(user, other))).toBe('channel_not_found')
    expect(await no(workspace.channel({ archived: true }))).toBe('is_archived')
    expect(await no(workspace.channel({ posting: 'restricted' }))).toBe('restricted_action')
    const elsewhere = { channel: slack.workspace().channel().id, text: 'x' }
    expect(await refused(call(workspace, 'chat.postMessage', elsewhere))).toBe('channel_not_found')
    await post(workspace.channel({ private: true }))
    await post(workspace.dm(user))
    await call(workspace, 'chat.postMessage', { channel: user.id, text: 'by the id of a person' })
    expect(workspace.dm(user).messages).toHaveLength(2)
    const open = slack.workspace({ scopes: [...SCOPES, 'chat:write.public'] }).channel({ botIsMember: false })
    await post(open)
    const joined = workspace.channel({ botIsMember: false })
    await call(joined, 'conversations.join')
    expect(await call(joined, 'conversations.info')).toMatchObject({ channel: { is_member: true } })
    await post(joined)
  })

  test('an edit keeps what it leaves out, and tells nobody', async () => {
    const workspace = slack.workspace()
    const channel = workspace.channel()
    const ann = workspace.user()
    const metadata = { event_type: 'stem_job', event_payload: { job_id: '1' } }
    const { ts } = await post(channel, { text: `<@${ann.id}>`, blocks: [actions(button())], metadata })
    const [message] = channel.messages
    expect(message).toMatchObject({ ts, notified: [ann.id], metadata, botId: workspace.botId, edits: [] })
    await call(channel, 'chat.update', { ts, text: 'text alone' })
    noted('with text alone leaves its blocks')
    expect(message).toMatchObject({ text: 'text alone', blocks: [{ type: 'actions' }], metadata })
    await call(channel, 'chat.update', { ts, text: `<@${ann.id}> no buttons`, blocks: [], metadata: {} })
    expect(message).toMatchObject({ blocks: [], metadata: undefined, notified: [ann.id] })
    expect(message?.edits).toHaveLength(2)
    const edit = (args: Json) => refused(call(channel, 'chat.update', { ts, ...args }))
    expect(await edit({ text: 'x'.repeat(4001) })).toBe('msg_too_long')
    expect(await edit({ text: '' })).toBe('no_text')
    expect(await edit({ text: 'x', metadata: { event_type: 'a' } })).toBe('invalid_metadata_format')
    const long = { event_type: 'a', event_payload: { a: 'x'.repeat(5000) } }
    expect(await edit({ text: 'x', metadata: long })).toBe('metadata_too_large')
    expect(await edit({ text: 'x', ts: '1.1' })).toBe('message_not_found')
    expect(await edit({ text: 'x', ts: slack.say(ann, channel, 'mine').ts })).toBe('cant_update_message')
    expect(await edit({ text: 'x', channel: ann.id })).toBe('channel_not_found')
    await call(channel, 'chat.postEphemeral', { user: ann.id, text: 'only you' })
    const ephemeral = channel.messages.at(-1)
    expect(ephemeral).toMatchObject({ ephemeralFor: ann.id })
    expect(await edit({ text: 'x', ts: ephemeral?.ts })).toBe('message_not_found')
    if (message) slack.remove(message)
    expect(await edit({ text: 'x' })).toBe('message_not_found')
    expect(message?.deleted).toBe(true)
    const later = await post(channel)
    channel.archived = true
    expect(await edit({ text: 'x', ts: later['ts'] })).toBe('is_inactive')
  })

  test('who is told: mentions in text, mrkdwn and rich_text, not what is escaped or plain', async () => {
    const workspace = slack.workspace()
    const channel = workspace.channel()
    const [a, b, c, d] = times(4, () => workspace.user().id)
    const rich = { type: 'rich_text_section', elements: [{ type: 'user', user_id: b }] }
    await post(channel, {
      text: `<@${a}> &lt;@${d}&gt; <@${workspace.botUserId}>`,
      blocks: [
        { type: 'rich_text', elements: [rich] },
        { type: 'context', elements: [{ type: 'mrkdwn', text: `<@${c}|c>` }] },
        { type: 'header', text: { type: 'plain_text', text: `<@${d}>` } },
      ],
    })
    expect(channel.messages[0]?.notified.sort()).toEqual([a, b, c].sort())
  })

  test('threads', async () => {
    const channel = slack.workspace().channel()
    const { ts } = await post(channel, { text: 'first' })
    const reply = await post(channel, { text: 'reply', thread_ts: ts })
    expect(channel.thread(String(ts)).map((one) => one.text)).toEqual(['first', 'reply'])
    expect(await refused(post(channel, { text: 'x', thread_ts: '1' }), true)).toContain(
      '1 is not a valid thread_ts',
    )
    expect(await refused(post(channel, { text: 'x', thread_ts: '1234567890.123456' }))).toBe(
      'thread_not_found',
    )
    await post(channel, { text: 'x', thread_ts: reply['ts'] })
    noted("is a reply's")
    const lonely = await post(channel, { text: 'lonely' })
    for (const message of [...channel.messages]) if (message.ts === lonely['ts']) slack.remove(message)
    expect(
      (await post(channel, { text: 'unthreaded', thread_ts: lonely['ts'] }))['message'],
    ).not.toHaveProperty('thread_ts')
  })

  test('history and replies, page by page', async () => {
    const workspace = slack.workspace()
    const channel = workspace.channel()
    const user = workspace.user()
    const texts = async (method: string, args: Json = {}) =>
      ((await call(channel, method, args))['messages'] as Json[]).map((one) => one['text'])
    const said = times(4, (n) => slack.say(user, channel, `say ${n}`))
    const metadata = { event_type: 'stem_job', event_payload: { job_id: '7' } }
    const { ts } = await post(channel, { text: 'card', metadata })
    for (const n of [1, 2, 3]) slack.say(user, channel, `reply ${n}`, { threadTs: String(ts) })
    const first = await call(channel, 'conversations.history', { limit: 2 })
    expect(first).toMatchObject({
      has_more: true,
      messages: [{ text: 'card', reply_count: 3 }, { text: 'say 3' }],
    })
    expect((first['messages'] as Json[])[0]).not.toHaveProperty('metadata')
    const cursor = (first['response_metadata'] as Json)['next_cursor']
    expect(await texts('conversations.history', { limit: 9, cursor })).toEqual(['say 2', 'say 1', 'say 0'])
    const range = { oldest: said[1]?.ts, latest: said[3]?.ts }
    expect(await texts('conversations.history', range)).toEqual(['say 2'])
    expect(await texts('conversations.history', { ...range, inclusive: true })).toHaveLength(3)
    const withMetadata = await call(channel, 'conversations.replies', {
      ts,
      include_all_metadata: true,
      limit: 1,
    })
    expect(withMetadata).toMatchObject({
      has_more: true,
      messages: [{ text: 'card', metadata }, { text: 'reply 1' }],
    })
    channel.botIsMember = false
    expect(await refused(call(channel, 'conversations.history'))).toBe('not_in_channel')
    channel.botIsMember = true
    const card = channel.messages.find((one) => one.ts === ts)
    if (card) slack.remove(card)
    expect((await texts('conversations.history'))[0]).toBe('This message was deleted.')
    expect(await texts('conversations.replies', { ts })).toHaveLength(4)
    expect(await refused(call(channel, 'conversations.replies', { ts: '1' }))).toBe('thread_not_found')
  })
})

describe('blocks', () => {
  const plain = (text: string) => ({ type: 'plain_text', text })
  const plan = (status: string) => ({
    type: 'plan',
    title: 'p',
    tasks: [{ type: 'task_card', task_id: 'a', title: 't', status }],
  })
  test.each<[string, Json[], string]>([
    ['too many', times(51, () => ({ type: 'divider' })), 'no more than 50 items allowed'],
    ['unknown', [{ type: 'picture' }], 'unsupported type: picture'],
    [
      'of modals',
      [{ type: 'input', label: plain('l'), element: { type: 'plain_text_input' } }],
      'unsupported type: input',
    ],
    [
      'a long section',
      [section('x'.repeat(3001))],
      'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section', [section('')], 'must be more than 0 characters'],
    ['a section of nothing', [{ type: 'section' }], 'must define either'],
    [
      'a header of mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'must be one of: plain_text',
    ],
    ['a long header', [{ type: 'header', text: plain('x'.repeat(151)) }], 'less than 151'],
    ['eleven in a context', [{ type: 'context', elements: times(11, () => plain('x')) }], 'no more than 10'],
    ['twenty-six buttons', [actions(...times(26, (n) => button({ action_id: `${n}` })))], 'no more than 25'],
    ['a long button', [actions(button({ text: plain('x'.repeat(76)) }))], 'less than 76'],
    ['a long value', [actions(button({ value: 'x'.repeat(2001) }))], 'less than 2001'],
    ['a long action_id', [actions(button({ action_id: 'x'.repeat(256) }))], 'less than 256'],
    ['an odd style', [actions(button({ style: 'green' }))], 'must be one of: primary, danger'],
    ['an unknown field', [actions(button({ emoji: 'x' }))], 'invalid additional property: emoji'],
    ['one action_id twice', [actions(button(), button())], 'action_id \\"cancel\\" already exists'],
    ['a menu of nothing', [actions(menu())], 'no fewer than 1 items'],
    ['a menu of too much', [actions(menu(...times(101, (n) => choice(`${n}`))))], 'no more than 100 items'],
    [
      'a long option',
      [actions(menu(choice('a', { text: plain('x'.repeat(76)) })))],
      'less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]',
    ],
    ['a long value of an option', [actions(menu(choice('x'.repeat(151))))], 'less than 151'],
    [
      'a long description of an option',
      [actions(menu(choice('a', { description: plain('x'.repeat(76)) })))],
      'options/0/description/text',
    ],
    [
      'an option of mrkdwn',
      [actions(menu(choice('a', { text: { type: 'mrkdwn', text: 'a' } })))],
      'must be one of: plain_text',
    ],
    ['one value twice', [actions(menu(choice('a'), choice('a')))], 'value \\"a\\" already exists'],
    [
      'a long placeholder',
      [actions({ ...menu(choice('a')), placeholder: plain('x'.repeat(151)) })],
      'less than 151',
    ],
    [
      'one block_id twice',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
      'already exists',
    ],
    [
      'an image of no link',
      [{ type: 'image', image_url: 'file:///a', alt_text: 'a' }],
      'must be a valid URL',
    ],
    ['a plan, where none is known', [plan('pending')], 'unsupported type: plan'],
    [
      'rich text with a gap',
      [{ type: 'rich_text', elements: [{ type: 'text', text: 'x' }] }],
      'unsupported type: text',
    ],
  ])('refused: %s', async (_, blocks, message) => {
    const channel = slack.workspace().channel()
    const whole = await refused(post(channel, { text: 'x', blocks }), true)
    expect(whole).toContain('invalid_blocks')
    expect(whole).toContain(message)
    expect(channel.messages).toEqual([])
  })

  test('all together, as text, and plans', async () => {
    const channel = slack.workspace({ takesPlans: true }).channel()
    const long = times(5, () => section('x'.repeat(2900)))
    expect(await refused(post(channel, { text: 'x', blocks: long }))).toBe('msg_blocks_too_long')
    expect(await refused(post(channel, { text: 'x', blocks: 'none' }))).toBe('invalid_blocks_format')
    expect(await refused(post(channel, {}))).toBe('no_text')
    expect(await refused(post(channel, { blocks: [plan('completed')] }), true)).toContain(
      'in_progress, complete, error',
    )
    await post(channel, { blocks: [plan('complete'), actions(button())] })
    expect(channel.messages[0]?.blocks[1]?.['block_id']).toEqual(expect.any(String))
  })
})

describe('rate limits and faults', () => {
  test('50 edits a minute in a workspace; one post a second in a channel, after five', async () => {
    const workspace = slack.workspace()
    const channel = workspace.channel()
    const { ts } = await post(channel)
    const edit = () => call(channel, 'chat.update', { ts, text: 'x' })
    for (const _ of times(50, () => 0)) await edit()
    expect(await refused(edit())).toMatch(/^ratelimited (5\d|60)$/)
    expect(await refused(edit())).toMatch(/^ratelimited/)
    expect(slack.rateLimited.at(-1)).toMatchObject({
      method: 'chat.update',
      tooSoon: true,
      team: workspace.id,
    })
    slack.clock.advance(61)
    await edit()
    for (const _ of times(5, () => 0)) await post(channel)
    expect(await refused(post(channel))).toBe('ratelimited 1')
    await post(workspace.channel())
    slack.clock.advance(1)
    await post(channel)
  })

  test('an answer is lost, late or wrong; what was asked is done or not', async () => {
    const channel = slack.workspace().channel()
    const fail = (how: Parameters<Slack['fail']>[0]['how']) =>
      slack.fail({ route: 'chat.postMessage', times: 1, how })
    const count = async (request: Promise<unknown>) => {
      await expect(request).rejects.toThrow()
      return channel.messages.length
    }
    fail({ kind: 'cut', after: true })
    expect(await count(post(channel))).toBe(1)
    fail({ kind: 'cut' })
    expect(await count(post(channel))).toBe(1)
    fail({ kind: 'status', status: 503, after: true })
    expect(await count(post(channel))).toBe(2)
    fail({ kind: 'refuse', error: 'internal_error' })
    expect(await refused(post(channel))).toBe('internal_error')
    fail({ kind: 'rateLimit', retryAfterSeconds: 30 })
    expect(await refused(post(channel))).toBe('ratelimited 30')
    expect(await refused(post(channel))).toBe('ratelimited 30')
    slack.clock.advance(31)
    const hang = fail({ kind: 'hang', seconds: 0.1 })
    await post(channel)
    hang.remove()
    expect(channel.messages).toHaveLength(3)
    const word = {
      when: ({ args }: { args: Json }) => args['text'] === 'bad',
      how: { kind: 'refuse', error: 'restricted_action' } as const,
    }
    const fault = slack.fail({ route: 'chat.', ...word })
    expect(await refused(post(channel, { text: 'bad' }))).toBe('restricted_action')
    fault.remove()
    expect(slack.requests.at(-1)).toMatchObject({
      method: 'chat.postMessage',
      status: 200,
      error: 'restricted_action',
    })
  })
})

describe('files', () => {
  type Ticket = { upload_url: string; file_id: string }
  const ask = (workspace: Workspace, filename: string, length: number) =>
    call(workspace, 'files.getUploadURLExternal', { filename, length }) as Promise<Json & Ticket>
  const send = async (ticket: Ticket, body: Blob | FormData, headers = {}) => {
    const answer = await fetch(ticket.upload_url, { method: 'POST', body, headers })
    return `${answer.status} ${await answer.text()}`
  }
  const upload = async (workspace: Workspace, name: string) => {
    const ticket = await ask(workspace, name, 4)
    expect(await send(ticket, new Blob(['song']))).toBe('200 OK - 4')
    return { id: ticket.file_id, title: `${name}!` }
  }
  const complete = (channel: Channel, files: Json[], more: Json = {}) =>
    call(channel, 'files.completeUploadExternal', { files, channel_id: channel.id, ...more })
  const info = (channel: Channel, id: string) =>
    call(channel.workspace, 'files.info', { file: id }) as Promise<{ file: Json & { shares: Json } }>

  test('four files become one reply, some time later', async () => {
    const workspace = slack.workspace()
    const channel = workspace.channel()
    const ann = workspace.user()
    const { ts } = await post(channel)
    const files = await Promise.all(
      ['a.mp3', 'b.mp3', 'c.wav', 'd.flac'].map((name) => upload(workspace, name)),
    )
    const [first = { id: '', title: '' }] = files
    expect(await refused(info(channel, first.id))).toBe('file_not_found')
    const done = await complete(channel, files, { thread_ts: ts, initial_comment: `<@${ann.id}> ready` })
    expect(done['files']).toMatchObject(
      files.map(({ id, title }) => ({ id, title, mimetype: '', shares: {} })),
    )
    expect((await info(channel, first.id)).file.shares).toEqual({})
    expect(await refused(complete(channel, files, { thread_ts: ts }))).toBe('file_not_found')
    await until(() => channel.messages.length === 2)
    const reply = channel.messages[1]
    expect(reply).toMatchObject({ threadTs: ts, notified: [ann.id] })
    expect(reply?.files.map((one) => one.title)).toEqual(['a.mp3!', 'b.mp3!', 'c.wav!', 'd.flac!'])
    const share = { ts: reply?.ts, thread_ts: ts }
    expect((await info(channel, first.id)).file).toMatchObject({
      shares: { public: { [channel.id]: [share] } },
    })
    await call(workspace, 'files.delete', { file: first.id })
    expect(reply?.files).toHaveLength(3)
    expect(await refused(info(channel, first.id))).toBe('file_deleted')
  })

  test('an upload has the announced length, one use, and no token', async () => {
    const workspace = slack.workspace()
    const ticket = await ask(workspace, 'a.mp3', 4)
    expect(await send(ticket, new Blob(['son']))).toMatch(/^400/)
    const form = new FormData()
    form.set('filename', new Blob(['song']), 'a.mp3')
    expect(await send(ticket, form)).toBe('200 OK - 4')
    expect(await send(ticket, new Blob(['song']))).toMatch(/^404/)
    expect(slack.bytesOf({ id: ticket.file_id }).toString()).toBe('song')
    await send(await ask(workspace, 'a.mp3', 4), new Blob(['song']), {
      Authorization: `Bearer ${workspace.token}`,
    })
    noted('a token was sent to the upload host')
    slack.fail({ route: 'upload', times: 1, how: { kind: 'truncate', bytes: 3 } })
    expect(await send(await ask(workspace, 'a.mp3', 4), new Blob(['song']))).toBe('200 OK - 3')
    expect(slack.requests.at(-1)).toMatchObject({ method: 'upload', bytes: 4, token: 'none' })
    slack.fail({ route: 'upload', times: 1, how: { kind: 'cut', atByte: 100 } })
    await expect(
      send(await ask(workspace, 'a.mp3', 3_000_000), new Blob(['x'.repeat(3_000_000)])),
    ).rejects.toThrow()
    expect(await refused(ask(workspace, 'a.mp3', 0))).toBe('invalid_arguments')
    expect(await refused(ask(slack.workspace({ maxFileBytes: 9 }), 'a', 10))).toBe(
      'file_upload_size_restricted',
    )
    expect(await refused(ask(slack.workspace({ freeStorageBytes: 9 }), 'a', 10))).toBe(
      'storage_limit_reached',
    )
    expect(await refused(ask(slack.workspace({ uploads: 'none' }), 'a', 1))).toBe('file_uploads_disabled')
    const images = slack.workspace({ uploads: 'images', refusedTypes: ['gif'] })
    expect(await refused(ask(images, 'a.mp3', 1))).toBe('file_uploads_except_images_disabled')
    expect(await refused(ask(images, 'a.gif', 1))).toBe('file_type_not_allowed')
    await ask(images, 'a.png', 1)
  })

  test('completing is stricter than posting, and may lead to nothing', async () => {
    const workspace = slack.workspace({ scopes: [...SCOPES, 'chat:write.public'] })
    const channel = workspace.channel()
    const files = [await upload(workspace, 'a.mp3')]
    const no = (place: Channel, more: Json = {}) => refused(complete(place, files, more))
    expect(await no(workspace.channel({ botIsMember: false }))).toBe('not_in_channel')
    expect(await no(workspace.channel({ private: true, botIsMember: false }))).toBe('channel_not_found')
    expect(await no(workspace.channel({ posting: 'restricted' }))).toBe('posting_to_channel_denied')
    expect(await no(workspace.channel({ connect: 'noFiles' }))).toBe(
      'slack_connect_file_upload_sharing_blocked',
    )
    expect(await no(channel, { thread_ts: '1234567890.123456' })).toBe('thread_not_found')
    expect(await no(channel, { thread_ts: 'x' })).toBe('invalid_thread_ts')
    expect(await no(channel, { blocks: [{ type: 'markdown', text: 'x' }] })).toBe('internal_error')
    expect(await refused(complete(channel, [{ id: 'F1' }]))).toBe('file_not_found')
    slack.neverShare()
    await complete(channel, files)
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect(channel.messages).toEqual([])
    await complete(channel, [await upload(workspace, 'b.mp3')])
    await until(() => channel.messages.length === 1)
  })

  test("Slack's own helper works, but sends its token where it should not", async () => {
    const channel = slack.workspace().channel({ private: true })
    const file_uploads = ['a.mp3', 'b.wav'].map((filename) => ({ filename, file: Buffer.from('song') }))
    await client(channel.workspace.token).filesUploadV2({ channel_id: channel.id, file_uploads })
    await until(() => channel.messages[0]?.files.length === 2)
    noted(/upload host/, /upload host/)
  })

  test('a link needs a token that may see the file', async () => {
    const workspace = slack.workspace()
    const user = workspace.user()
    const hidden = workspace.channel({ private: true, botIsMember: false })
    const wish = { name: 'a song.mp3', bytes: Buffer.from('song') }
    slack.share(user, workspace.channel(), wish)
    const linkOf = async (channel: Channel) => {
      const [file] = slack.share(user, channel, wish).files
      return { id: file?.id ?? '', url: `${slack.origin}${file?.path}/download/a%20song.mp3` }
    }
    const get = (url: string, token: string) =>
      fetch(url, { headers: { Authorization: `Bearer ${token}` }, redirect: 'manual' })
    const shown = await linkOf(workspace.channel())
    const { file } = (await call(workspace, 'files.info', { file: shown.id })) as { file: Json }
    expect(file).toMatchObject({ mimetype: 'audio/mpeg', size: 4, url_private_download: shown.url })
    expect(await (await get(shown.url, workspace.token)).text()).toBe('song')
    for (const [url, token] of [
      [shown.url, 'xoxb-0'],
      [shown.url, slack.workspace().token],
      [shown.url, slack.workspace({ scopes: ['chat:write'] }).token],
      [(await linkOf(hidden)).url, workspace.token],
    ] as const)
      expect((await get(url, token)).status).toBe(302)
    expect(await (await fetch(shown.url)).text()).toContain('Sign in | Slack')
    slack.fail({ route: 'download', times: 1, how: { kind: 'truncate', bytes: 2 } })
    await expect(get(shown.url, workspace.token).then((answer) => answer.text())).rejects.toThrow()
  })
})

describe('what people do', () => {
  const apps: { stop(): unknown }[] = []
  afterEach(async () => {
    slack.eventsUrl = undefined
    for (const app of apps.splice(0)) await app.stop()
    slack.sockets.close('cut')
    await slack.sockets.waitFor(0)
  })
  const options = (workspace: Workspace) => ({
    // Given rather than asked for, as a token may be dead by then.
    authorize: async () => ({
      botToken: workspace.token,
      botId: workspace.botId,
      botUserId: workspace.botUserId,
    }),
    clientOptions: { slackApiUrl: slack.apiUrl },
    logger: quiet,
  })
  const overHttp = async (workspace: Workspace) => {
    const app = new App({ ...options(workspace), signingSecret: slack.signingSecret })
    const server = (await app.start(0)) as Server
    apps.push(app)
    slack.eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`
    return app
  }
  const overSocket = async (workspace: Workspace) => {
    const receiver = new SocketModeReceiver({
      appToken: slack.appToken,
      logger: quiet,
      clientPingTimeout: 200,
      installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
    })
    const app = new App({ ...options(workspace), receiver })
    const { count } = slack.sockets
    await app.start()
    apps.push(app)
    await slack.sockets.waitFor(count + 1)
    return app
  }
  const modal = (more: Json = {}) => ({
    type: 'modal' as const,
    callback_id: 'options',
    private_metadata: 'job-1',
    title: { type: 'plain_text', text: 'Options' },
    submit: { type: 'plain_text', text: 'Go' },
    blocks: [
      input('song', { type: 'plain_text_input', max_length: 20 }),
      input('format', { type: 'static_select', options: ['mp3', 'flac'].map(option) }, { optional: true }),
      input('stems', { type: 'checkboxes', options: ['vocals', 'drums'].map(option) }, { optional: true }),
      input('file', { type: 'file_input', filetypes: ['mp3'], max_files: 1 }, { optional: true }),
    ],
    ...more,
  })
  const option = (value: string) => ({ text: { type: 'plain_text', text: value }, value })
  const input = (id: string, element: Json, more: Json = {}) => ({
    type: 'input',
    block_id: id,
    label: { type: 'plain_text', text: id },
    element: { action_id: id, ...element },
    ...more,
  })
  const commandOf = (text: string) => ({ command: '/separate', text, api_app_id: slack.appId })

  describe.each([
    ['HTTP', overHttp],
    ['Socket Mode', overSocket],
  ])('over %s', (_, start) => {
    test('a command, its answer for one person, and posts to its response_url', async () => {
      const workspace = slack.workspace({ enterprise: slack.enterprise({ name: 'Label', installed: false }) })
      const channel = workspace.channel({ private: true, botIsMember: false })
      const user = workspace.user()
      const app = await start(workspace)
      let seen: Json = {}
      app.command('/separate', async ({ ack, command, respond }) => {
        seen = command
        await ack({ text: 'not here', blocks: [section('not here') as never] })
        for (const n of [1, 2, 3, 4, 5]) await respond({ text: `more ${n}`, response_type: 'ephemeral' })
        await respond('too much').catch(() => respond('again').catch(() => {}))
      })
      const asked = await slack.command(user, channel, ' a song ')
      expect(await asked.answer).toMatchObject({ status: 200, body: { text: 'not here' } })
      expect(seen).toMatchObject({
        ...commandOf('a song'),
        channel_name: 'privategroup',
        team_domain: workspace.domain,
        enterprise_name: 'Label',
        is_enterprise_install: 'false',
        trigger_id: asked.triggerId,
      })
      await until(() => slack.problems.length === 2)
      noted(/more than 5/, /more than 5/)
      expect(asked.told.map((one) => one.text)).toEqual(['not here', ...times(5, (n) => `more ${n + 1}`)])
      expect(slack.requests.at(-1)).toMatchObject({ method: 'response_url', status: 404, error: 'used_url' })
      expect(channel.messages).toEqual([])
    })

    test('a button, a modal with each kind of input, and a shortcut with its file', async () => {
      const workspace = slack.workspace()
      const channel = workspace.channel()
      const user = workspace.user()
      const app = await start(workspace)
      const seen: Json[] = []
      app.action('cancel', async ({ ack, body, client: own }) => {
        seen.push(body as unknown as Json)
        await ack()
        await own.views.open({
          trigger_id: (body as { trigger_id: string }).trigger_id,
          view: modal() as never,
        })
      })
      app.view('options', async ({ ack, view, body }) => {
        seen.push(view as unknown as Json)
        const isBad = view.state.values['song']?.['song']?.value === 'bad'
        await ack(isBad ? { response_action: 'errors', errors: { song: 'no such song' } } : undefined)
        expect(body).not.toHaveProperty('response_url')
      })
      app.shortcut('separate_file', async ({ ack, body }) => {
        seen.push(body as unknown as Json)
        await ack()
      })
      await post(channel, { text: 'card', blocks: [actions(button())] })
      const [card] = channel.messages
      if (!card) throw new Error('no card')
      const pressed = await slack.press(user, card, 'cancel')
      const view = await until(() => pressed.view())
      expect(seen.pop()).toMatchObject({
        type: 'block_actions',
        actions: [{ action_id: 'cancel', value: 'job-1', type: 'button' }],
        container: { type: 'message', message_ts: card.ts, channel_id: channel.id },
        message: { ts: card.ts, text: 'card' },
        response_url: pressed.responseUrl,
      })
      await expect(slack.press(user, card, 'retry')).rejects.toThrow('no element retry')
      await expect(slack.submit(user, view, { song: 'a', artist: 'b' })).rejects.toThrow(
        'no input for artist',
      )
      await expect(slack.submit(user, view, {})).rejects.toThrow('song must be filled in')
      await expect(slack.submit(user, view, { song: 'x'.repeat(21) })).rejects.toThrow('do not fit')
      await expect(slack.submit(user, view, { song: 'a', format: 'wav' })).rejects.toThrow('no option wav')
      await (await slack.submit(user, view, { song: 'bad' })).answer
      expect(view).toMatchObject({ isOpen: true, errors: { song: 'no such song' } })
      const file = { name: 'a.mp3', bytes: Buffer.from('song') }
      const sent = await slack.submit(user, view, {
        song: 'good',
        format: 'flac',
        stems: ['drums'],
        file: [file],
      })
      expect(await sent.answer).toMatchObject({ status: 200 })
      expect(view.isOpen).toBe(false)
      const submitted = seen.pop() as { state: { values: Json }; private_metadata: string; id: string }
      expect(submitted).toMatchObject({ private_metadata: 'job-1', id: view.id, callback_id: 'options' })
      expect(submitted.state.values).toMatchObject({
        song: { song: { type: 'plain_text_input', value: 'good' } },
        format: { format: { selected_option: { value: 'flac' } } },
        stems: { stems: { selected_options: [{ value: 'drums' }] } },
        file: { file: { type: 'file_input', files: [{ name: 'a.mp3', mimetype: 'audio/mpeg' }] } },
      })
      const shared = slack.share(user, channel, { ...file, text: 'listen' })
      await (await slack.shortcut(user, shared, 'separate_file')).answer
      const { files } = (seen.pop() as { message: { files: Json[] } }).message
      const link = files[0]?.['url_private_download']
      const got = await fetch(String(link), { headers: { Authorization: `Bearer ${workspace.token}` } })
      expect(await got.text()).toBe('song')
    })

    test('a choice in a menu, with what stands in the others', async () => {
      const workspace = slack.workspace()
      const [user, channel] = [workspace.user(), workspace.channel()]
      const app = await start(workspace)
      let seen: Json = {}
      app.action('choose', async ({ ack, body }) => {
        seen = body as unknown as Json
        await ack()
      })
      const other = { ...menu(choice('c')), action_id: 'other' }
      const chosen = choice('b', { description: { type: 'plain_text', text: '3:33' } })
      await post(channel, { text: 'card', blocks: [actions(menu(choice('a'), chosen), other, button())] })
      const [card] = channel.messages
      if (!card) throw new Error('no card')
      const pressed = await slack.press(user, card, 'choose', { values: ['b'] })
      expect(await pressed.answer).toMatchObject({ status: 200 })
      const block = String(card.blocks[0]?.['block_id'])
      const menus = {
        choose: { type: 'static_select', selected_option: chosen },
        other: { type: 'static_select', selected_option: null },
      }
      expect(seen).toMatchObject({
        type: 'block_actions',
        actions: [{ action_id: 'choose', block_id: block, type: 'static_select', selected_option: chosen }],
        trigger_id: pressed.triggerId,
      })
      expect(seen['state']).toEqual({ values: { [block]: menus } })
      await expect(slack.press(user, card, 'choose', { values: ['z'] })).rejects.toThrow('no option z')
      await expect(slack.press(user, card, 'choose')).rejects.toThrow('no option')
    })

    test('what is answered wrongly or too late is noted', async () => {
      const workspace = slack.workspace()
      const [user, channel] = [workspace.user(), workspace.channel()]
      const app = await start(workspace)
      app.command('/long', async ({ ack }) => ack({ blocks: [section('x'.repeat(3001)) as never] }))
      app.command('/never', async () => {})
      app.action('cancel', async ({ ack }) =>
        (ack as (body: unknown) => Promise<void>)({ text: 'never shown' }),
      )
      await post(channel, { text: 'card', blocks: [actions(button())] })
      await (await slack.command(user, channel, '', { command: '/long' })).answer
      noted(/ack of a command: invalid_blocks/)
      const [card] = channel.messages
      if (card) await (await slack.press(user, card, 'cancel')).answer
      expect(slack.problems.splice(0).join()).toContain('a body is not taken')
      const never = await slack.command(user, channel, '', { command: '/never', deliver: 2 })
      expect(await never.answer).toMatchObject({ status: 0, error: 'operation_timeout' })
      expect(never.deliveries).toHaveLength(2)
      await Promise.all(never.deliveries)
      expect(never.told[0]?.text).toContain('operation_timeout')
      noted(/no ack of a? ?(command|slash_commands) within 3000 ms/, /no ack/)
    })

    test('an event is told, and true by then', async () => {
      const workspace = slack.workspace()
      const app = await start(workspace)
      const seen: string[] = []
      app.event('tokens_revoked', async ({ body }) => {
        seen.push(body.event_id)
      })
      const told = await slack.event(workspace, 'tokens_revoked')
      expect(await told.answer).toMatchObject({ status: 200 })
      expect(seen).toEqual([told.payload['event_id']])
      expect(await refused(client(workspace.token).auth.test())).toBe('token_revoked')
    })
  })

  test('trigger ids live 3 s and work once; views have their limits', async () => {
    const workspace = slack.workspace()
    const [user, channel] = [workspace.user(), workspace.channel()]
    const open = (trigger_id: string, view: Json = modal()) =>
      call(workspace, 'views.open', { trigger_id, view })
    const asked = () => slack.command(user, channel, 'x')
    const { triggerId } = await asked()
    const why = (view: Json) => refused(open(triggerId, modal(view)), true)
    expect(await why({ title: { type: 'plain_text', text: 'x'.repeat(25) } })).toContain(
      'less than 25 characters',
    )
    expect(await why({ private_metadata: 'x'.repeat(3001) })).toContain('/view/private_metadata')
    expect(await why({ submit: undefined })).toContain('`submit` is required')
    const many = { type: 'static_select', options: times(101, (n) => option(`${n}`)) }
    expect(await why({ blocks: [input('a', many)] })).toContain('no more than 100 items')
    const boxes = { type: 'checkboxes', options: times(11, (n) => option(`${n}`)) }
    expect(await why({ blocks: [input('a', boxes)] })).toContain('no more than 10 items')
    expect(await why({ blocks: [{ type: 'markdown', text: 'x' }] })).toContain('unsupported type: markdown')
    await open(triggerId)
    expect(await refused(open(triggerId))).toBe('exchanged_trigger_id')
    expect(await refused(open('nonsense'))).toBe('invalid_trigger_id')
    const late = await asked()
    slack.clock.advance(4)
    expect(await refused(open(late.triggerId))).toBe('expired_trigger_id')
    slack.clock.advance(1800)
    const answer = await fetch(late.responseUrl, {
      method: 'POST',
      body: '{"text":"x"}',
      headers: { 'Content-Type': 'application/json' },
    })
    expect(await answer.json()).toEqual({ ok: false, error: 'expired_url' })
  })

  test('over HTTP: signatures, the look for TLS, the challenge, retries of events', async () => {
    const workspace = slack.workspace()
    const [user, channel] = [workspace.user(), workspace.channel()]
    await overHttp(workspace).then((app) => app.command('/separate', async ({ ack }) => ack('fine')))
    const status = async (signature: 'right' | 'wrong' | 'old' | 'none') =>
      (await (await slack.command(user, channel, '', { signature })).answer).status
    expect(await status('right')).toBe(200)
    for (const signature of ['wrong', 'old', 'none'] as const) expect(await status(signature)).toBe(401)
    expect(await slack.sslCheck()).toBe(200)
    expect(await slack.verifyUrl()).toBe(true)
    slack.eventsUrl = `${slack.origin}/nowhere`
    const event = await slack.event(workspace, 'app_uninstalled')
    await until(() => event.deliveries.length === 2)
    slack.clock.advance(61)
    await until(() => event.deliveries.length === 3)
    expect(await event.deliveries[2]).toMatchObject({ status: 404 })
  })

  test('over sockets: one of them is told, all can be told to go, and they come back', async () => {
    const workspace = slack.workspace()
    const [user, channel] = [workspace.user(), workspace.channel()]
    const seen: string[] = []
    for (const name of ['a', 'b'])
      (await overSocket(workspace)).command('/separate', async ({ ack }) => {
        seen.push(name)
        await ack()
      })
    for (const _ of times(12, () => 0)) await (await slack.command(user, channel, '')).answer
    expect(seen).toHaveLength(12)
    expect(new Set(seen)).toEqual(new Set(['a', 'b']))
    const twice = await slack.command(user, channel, '', { deliver: 3, apartSeconds: 0.01 })
    await Promise.all(twice.deliveries)
    expect(seen).toHaveLength(15)
    for (const kind of ['refresh_requested', 'cut'] as const) {
      const { opened } = slack.sockets
      slack.sockets.close(kind)
      await until(() => slack.sockets.opened === opened + 2)
      await slack.sockets.waitFor(2)
    }
    expect(await (await slack.command(user, channel, '')).answer).toMatchObject({ status: 200 })
    const { url = '' } = await client(slack.appToken).apps.connections.open({})
    const connect = (address = '') =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address)
        socket.onmessage = () => resolve('open')
        socket.onerror = () => resolve('refused')
      })
    expect(await connect(url)).toBe('open')
    expect(await connect(url)).toBe('refused')
    for (const _ of times(7, () => 0))
      await connect((await client(slack.appToken).apps.connections.open({})).url)
    expect(slack.sockets.count).toBe(10)
    await connect((await client(slack.appToken).apps.connections.open({})).url)
    noted('more than 10 sockets')
    const inThread = await slack.command(user, channel, '', { threadTs: '1.1' })
    expect(inThread.told[0]?.text).toContain('not supported in threads')
  })

  test('the app is installed by OAuth, in a workspace and in an organisation', async () => {
    const stored: Installation[] = []
    const receiver = new HTTPReceiver({
      signingSecret: slack.signingSecret,
      clientId: slack.clientId,
      clientSecret: slack.clientSecret,
      stateSecret: 'a secret',
      scopes: ['chat:write', 'commands'],
      redirectUri: 'http://127.0.0.1/slack/oauth_redirect',
      logger: quiet,
      installationStore: {
        storeInstallation: async (installation) => void stored.push(installation as Installation),
        fetchInstallation: async () => stored[0] as never,
      },
      installerOptions: {
        authorizationUrl: `${slack.origin}/oauth/v2/authorize`,
        clientOptions: { slackApiUrl: slack.apiUrl },
        directInstall: true,
        redirectUriPath: '/slack/oauth_redirect',
      },
    })
    const server = (await receiver.start(0)) as Server
    apps.push(receiver)
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const visit = async () => {
      const asked = await fetch(`${own}/slack/install`, { redirect: 'manual' })
      const page = await fetch(String(asked.headers.get('location')), { redirect: 'manual' })
      const { search } = new URL(String(page.headers.get('location')))
      const headers = { cookie: String(asked.headers.get('set-cookie')).split(';')[0] ?? '' }
      return { search, done: await fetch(`${own}/slack/oauth_redirect${search}`, { headers }) }
    }
    const workspace = slack.workspace({ installed: false })
    slack.installing = workspace
    const { search, done } = await visit()
    expect(done.status).toBe(200)
    expect(stored[0]).toMatchObject({
      team: { id: workspace.id },
      bot: { token: workspace.token, id: workspace.botId, scopes: ['chat:write', 'commands'] },
      isEnterpriseInstall: false,
    })
    await post(workspace.channel())
    const code = new URLSearchParams(search).get('code') ?? ''
    const access = (more: Json = {}) =>
      refused(
        client(undefined).oauth.v2.access({
          client_id: slack.clientId,
          client_secret: slack.clientSecret,
          code,
          ...more,
        } as never),
      )
    expect(await access()).toBe('invalid_code')
    expect(await access({ client_id: 'x' })).toBe('invalid_client_id')
    expect(await access({ client_secret: 'x' })).toBe('bad_client_secret')
    const enterprise = slack.enterprise({ installed: false })
    const [a, b] = [
      slack.workspace({ enterprise, installed: false }),
      slack.workspace({ enterprise, installed: false }),
    ]
    slack.installing = enterprise
    await visit()
    expect(stored[1]).toMatchObject({ enterprise: { id: enterprise.id }, isEnterpriseInstall: true })
    expect(stored[1]?.team).toBeUndefined()
    expect(a.token).toBe(b.token)
    for (const place of [a, b]) await post(place.channel())
    const { payload } = await slack.command(b.user(), b.channel(), 'http://a.example', { escaped: true })
    expect(payload).toMatchObject({
      text: '<http://a.example>',
      is_enterprise_install: 'true',
      enterprise_id: enterprise.id,
      team_id: b.id,
    })
  })
})
