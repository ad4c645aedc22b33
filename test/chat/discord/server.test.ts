// The tests' Discord is as strict as the real one: each of its rules, met by discord.js's own client and REST.
import { Client, DiscordAPIError, Events, GatewayIntentBits, MessageFlags, REST, Routes } from 'discord.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wrongWithMessage } from '../../support/discord/openapi.ts'
import { MAY } from '../../support/discord/permissions.ts'
import { type Channel, type Discord, startDiscord } from '../../support/discord/server.ts'
import { until } from '../../support/until.ts'

const COMMANDS = [
  {
    name: 'separate',
    description: 'Take a song apart',
    contexts: [0, 1],
    options: [
      { type: 3, name: 'song', description: 'A link', required: true, max_length: 20 },
      { type: 11, name: 'file', description: 'A file', file_types: ['audio'] },
      {
        type: 3,
        name: 'format',
        description: 'Of the stems',
        choices: [
          { name: 'MP3', value: 'mp3' },
          { name: 'FLAC', value: 'flac' },
        ],
      },
      { type: 4, name: 'bars', description: 'How many', min_value: 1, max_value: 8 },
    ],
  },
  {
    name: 'find',
    description: 'An earlier song',
    options: [{ type: 3, name: 'song', description: 'Its name', autocomplete: true }],
  },
  { name: 'Separate this file', type: 3 },
]
const MIB = 1024 * 1024
const times = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))

let discord: Discord
const rest = (token = discord.token, api = discord.apiUrl) =>
  new REST({ api, version: '10', retries: 0, hashSweepInterval: 0, handlerSweepInterval: 0 }).setToken(token)

type Body = Record<string, unknown>
type Shape = Body & { id: string; attachments: { id: string; filename: string; url: string }[] }
type File = { name: string; data: Buffer }

const post = (channel: Channel, body: Body, files?: File[]) =>
  rest().post(Routes.channelMessages(channel.id), files ? { body, files } : { body }) as Promise<Shape>
const patch = (channel: Channel, id: string, body: Body, files?: File[]) =>
  rest().patch(Routes.channelMessage(channel.id, id), files ? { body, files } : { body }) as Promise<Shape>

/** Status and code of a refusal. */
async function refused(request: Promise<unknown>): Promise<string> {
  const error = await request.then(
    (value) => ({ value }),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof DiscordAPIError)) throw new Error(`not refused: ${JSON.stringify(error)} ${error}`)
  return `${error.status} ${error.code}`
}
const formErrors = async (request: Promise<unknown>) => {
  const error = await request.catch((thrown: unknown) => thrown)
  if (!(error instanceof DiscordAPIError)) throw new Error(`not refused: ${error}`)
  expect(error.code).toBe(50035)
  return JSON.stringify((error.rawError as { errors: unknown }).errors)
}
const file = (name: string, bytes = 3) => ({ name, data: Buffer.alloc(bytes, 1) })
const callback = (of: { id: string; token: string }, type: number, data: Body = {}, files?: File[]) =>
  rest().post(Routes.interactionCallback(of.id, of.token), {
    body: { type, data },
    auth: false,
    query: new URLSearchParams({ with_response: 'true' }),
    ...(files ? { files } : {}),
  }) as Promise<{
    interaction: Record<string, unknown>
    resource?: { message: Shape }
  }>
const original = (token: string, id = '@original') => Routes.webhookMessage(discord.applicationId, token, id)
const ask = async (channel: Channel) => discord.command(discord.user(), channel, 'separate', { song: 'x' })

/** Problems a test provokes on purpose. */
const provoked = () => discord.problems.splice(0)

beforeAll(async () => {
  discord = await startDiscord()
  await rest().put(Routes.applicationCommands(discord.applicationId), { body: COMMANDS })
})
afterAll(() => discord.close())

async function connect(more: { intents?: GatewayIntentBits[]; to?: Discord; token?: string } = {}) {
  const { intents = [GatewayIntentBits.Guilds], to = discord, token = to.token } = more
  const client = new Client({ intents, rest: { api: to.apiUrl, retries: 0 } })
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve))
  await client.login(token)
  await ready
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.destroy() })
}

describe('the token', () => {
  test('is needed, and only where an interaction is not what speaks', async () => {
    expect(await refused(rest('wrong').get(Routes.user()))).toBe('401 0')
    expect(discord.requests.at(-1)).toMatchObject({ auth: 'wrong', status: 401, code: 0 })
    expect(await refused(rest().get('/users/@me', { auth: false }))).toBe('401 0')
    expect(await refused(rest().get('/nowhere'))).toBe('404 0')
    expect(provoked()).toEqual(['unknown route: GET /nowhere'])
  })

  test('answers who the bot is', async () => {
    const guild = discord.guild({ premiumTier: 2 })
    for (const [route, expected] of [
      [Routes.user(), { id: discord.botUserId, bot: true }],
      [Routes.oauth2CurrentApplication(), { id: discord.applicationId }],
      [Routes.currentApplication(), { id: discord.applicationId }],
      [Routes.guild(guild.id), { id: guild.id, premium_tier: 2 }],
      [Routes.gatewayBot(), { session_start_limit: { total: 1000 } }],
    ] as const)
      expect(await rest().get(route)).toMatchObject(expected)
    expect(await refused(rest().get(Routes.guild('123456789012345678')))).toBe('404 10004')
  })
})

describe('an interaction', () => {
  const guild = () => discord.guild().channel()

  test('is answered once, within three seconds', async () => {
    const late = await ask(guild())
    discord.clock.advance(3.1)
    expect(await late.answer).toBeUndefined()
    expect(await refused(callback(late, 4, { content: 'late' }))).toBe('404 10062')
    const prompt = await ask(guild())
    const { interaction, resource } = await callback(prompt, 4, { content: 'queued' })
    expect(interaction['response_message_id']).toBe(resource?.message.id)
    expect(await refused(callback(prompt, 4, { content: 'again' }))).toBe('400 40060')
    const answer = await prompt.answer
    expect(answer).toMatchObject({ type: 4, data: { content: 'queued' } })
    expect(answer?.message).toBe(prompt.message)
    expect(prompt.message?.interaction_metadata).toMatchObject({ id: prompt.id })
    expect(await refused(callback({ id: prompt.id, token: 'forged' }, 4, { content: 'x' }))).toBe('404 10062')
  })

  test('gives its whole message back only for a message and an update', async () => {
    const deferred = await ask(guild())
    const answer = await callback(deferred, 5, { flags: MessageFlags.Ephemeral })
    expect(answer.resource).toBeUndefined()
    expect(answer.interaction).toMatchObject({
      response_message_loading: true,
      response_message_ephemeral: true,
    })
    expect(deferred.channel.messages).toEqual([])
    expect(deferred.channel.ephemeral).toEqual([deferred.message])
  })

  test.each([
    ['a completion for a command', 8, { choices: [] }],
    ['an update without a message', 7, { content: 'x' }],
    ['a deferred update without a message', 6, {}],
    ['flags other than ephemeral at a defer', 5, { flags: MessageFlags.IsComponentsV2 }],
    ['a text too long', 4, { content: 'x'.repeat(2001) }],
  ])('is refused %s', async (_what, type, data) => {
    expect(await refused(callback(await ask(guild()), type, data))).toBe('400 50035')
  })

  test('keeps its token for fifteen minutes', async () => {
    const asked = await ask(guild())
    expect(await refused(rest().get(original(asked.token), { auth: false }))).toBe('404 10015')
    await callback(asked, 4, { content: 'queued' })
    discord.clock.advance(14 * 60)
    const edited = await rest().patch(original(asked.token), { body: { content: 'working' }, auth: false })
    expect(edited).toMatchObject({ content: 'working', flags: 0 })
    discord.clock.advance(61)
    expect(await refused(rest().patch(original(asked.token), { body: { content: 'x' }, auth: false }))).toBe(
      '401 50027',
    )
    expect(await refused(rest().get(original('wrong'), { auth: false }))).toBe('401 50027')
    // The bot's own token still edits it.
    await patch(asked.channel, asked.message?.id ?? '', { content: 'done' })
    expect(asked.message?.edits.map(({ route }) => route)).toEqual(['token', 'bot'])
  })

  test('is over when its message is deleted', async () => {
    const asked = await ask(guild())
    await callback(asked, 5)
    if (asked.message) asked.channel.delete(asked.message)
    const edit = rest().patch(original(asked.token), { body: { content: 'x' }, auth: false })
    expect(await refused(edit)).toBe('404 10008')
    const more = rest().post(Routes.webhook(discord.applicationId, asked.token), {
      body: { content: 'x' },
      auth: false,
    })
    expect(await refused(more)).toBe('404 10008')
  })

  test('may add five messages where the bot is not a member', async () => {
    const home = discord.guild()
    const channel = home.channel()
    const asked = await ask(channel)
    home.hasBot = false
    await callback(asked, 4, { content: 'here' })
    const add = () =>
      rest().post(Routes.webhook(discord.applicationId, asked.token), { body: { content: 'x' }, auth: false })
    for (let n = 0; n < 5; n += 1) {
      await add()
      discord.clock.advance(5)
    }
    expect(await refused(add())).toBe('400 40094')
    expect(await refused(post(channel, { content: 'x' }))).toBe('403 50001')
    await expect(ask(channel)).rejects.toThrow('not offered where the bot is not a member')
  })
})

describe('a modal', () => {
  const text = (more: Body = {}) => ({ type: 4, custom_id: 't', style: 1, ...more })
  const labelled = (component: Body = text(), more: Body = {}) => ({
    type: 18,
    label: 'Words',
    component,
    ...more,
  })
  const modal = (...components: Body[]) => ({ custom_id: 'm', title: 'Title', components })
  const press = async () => {
    const channel = discord.guild().channel()
    const asked = await ask(channel)
    const button = { type: 2, style: 1, label: 'x', custom_id: 'b' }
    await callback(asked, 4, { content: 'x', components: [{ type: 1, components: [button] }] })
    if (!asked.message) throw new Error('no message')
    return discord.press(discord.user(), asked.message, 'b')
  }

  test.each<[string, Body, string]>([
    ['a long title', { ...modal(labelled()), title: 'x'.repeat(46) }, 'title'],
    ['a long label', modal(labelled(text(), { label: 'x'.repeat(46) })), 'label'],
    ['a long id', { ...modal(labelled()), custom_id: 'x'.repeat(101) }, 'custom_id'],
    ['no field', modal(), 'components'],
    ['six fields', modal(...times(6, (n) => labelled(text({ custom_id: `${n}` })))), 'components'],
    ['an id twice', modal(labelled(), labelled()), 'DUPLICATED'],
    ['two labels for a field', modal(labelled(text({ label: 'x' }))), 'LABEL_IN_LABEL'],
    ['no label for a field', modal({ type: 1, components: [text()] }), 'label'],
    ['a long placeholder', modal(labelled(text({ placeholder: 'x'.repeat(101) }))), 'placeholder'],
    ['too much room', modal(labelled(text({ max_length: 4001 }))), 'max_length'],
  ])('is refused with %s', async (_what, data, where) => {
    expect(await formErrors(callback(await press(), 9, data))).toContain(where)
  })

  test('is filled in as it says, and answered as an interaction of its own', async () => {
    const opener = await press()
    await callback(opener, 9, modal(labelled(text({ max_length: 5 }))))
    expect(await refused(rest().get(original(opener.token), { auth: false }))).toBe('404 10015')
    for (const value of ['', '123456', 'a\nb'])
      await expect(discord.submit(opener, { t: value })).rejects.toThrow(/^t /)
    await expect(discord.submit(opener, { other: 'x' })).rejects.toThrow(/no field other/)
    const submitted = await discord.submit(opener, { t: 'abc' })
    expect(submitted.payload['type']).toBe(5)
    expect(submitted.payload['data']).toEqual({
      custom_id: 'm',
      components: [{ type: 18, id: 1, component: { type: 4, id: 2, custom_id: 't', value: 'abc' } }],
    })
    expect(await refused(callback(submitted, 9, modal(labelled())))).toBe('400 50035')
    await callback(submitted, 4, { content: 'thanks' })
    expect(submitted.message?.interaction_metadata).toMatchObject({
      id: submitted.id,
      type: 5,
      triggering_interaction_metadata: { id: opener.id, type: 3, interacted_message_id: opener.source?.id },
    })
  })
})

test('only what a menu offers can be chosen', async () => {
  const channel = discord.guild().channel()
  const asked = await ask(channel)
  const select = {
    type: 3,
    custom_id: 's',
    options: ['a', 'b'].map((value) => ({ label: value, value })),
  }
  await callback(asked, 4, { content: 'x', components: [{ type: 1, components: [select] }] })
  if (!asked.message) throw new Error('no message')
  const ann = discord.user()
  for (const values of [[], ['c'], ['a', 'b']])
    await expect(discord.press(ann, asked.message, 's', { values })).rejects.toThrow(/offered|chosen/)
  const { payload } = await discord.press(ann, asked.message, 's', { values: ['b'] })
  expect(payload['data']).toEqual({ custom_id: 's', component_type: 3, id: 2, values: ['b'] })
})

test('what nobody could type is an error of the test', async () => {
  const channel = discord.guild().channel()
  const user = discord.user()
  const type = (name: string, options: Record<string, unknown>) =>
    discord.command(user, channel, name, options)
  await expect(type('nothing', {})).rejects.toThrow('no such command')
  await expect(type('separate', {})).rejects.toThrow('needs song')
  await expect(type('separate', { song: 'x', speed: 2 })).rejects.toThrow('no option speed')
  await expect(type('separate', { song: 7 })).rejects.toThrow('not a text')
  await expect(type('separate', { song: 'x'.repeat(21) })).rejects.toThrow('length')
  await expect(type('separate', { song: 'x', format: 'wma' })).rejects.toThrow('not a choice')
  await expect(type('separate', { song: 'x', bars: 9 })).rejects.toThrow('range')
  await expect(discord.command(user, discord.dm(user), 'find', {})).resolves.toBeDefined()
  const text = { name: 'a.txt', bytes: Buffer.from('x') }
  await expect(discord.command(user, channel, 'separate', { song: 'x' }, { file: text })).rejects.toThrow(
    'takes audio',
  )
})

describe('the set of commands', () => {
  const put = (body: unknown[]) => rest().put(Routes.applicationCommands(discord.applicationId), { body })
  const option = (more: Body = {}) => ({ type: 3, name: 'a', description: 'd', ...more })
  const slash = (...options: Body[]) => ({ name: 'a', description: 'd', options })
  const choice = (n: number, length = 1) => ({ name: `${n}`.padEnd(length), value: `${n}`.padEnd(length) })
  const large = (n: number) => option({ name: `a${n}`, choices: times(25, (m) => choice(m, 99)) })
  test.each<[string, Body]>([
    ['an upper case name', { name: 'Separate', description: 'd' }],
    ['no description', { name: 'separate' }],
    ['a description too long', { name: 'a', description: 'd'.repeat(101) }],
    ['26 options', slash(...times(26, (n) => option({ name: `a${n}` })))],
    ['required after optional', slash(option(), option({ name: 'b', required: true }))],
    ['choices with autocomplete', slash(option({ autocomplete: true, choices: [choice(1)] }))],
    ['26 choices', slash(option({ choices: times(26, choice) }))],
    ['two options of a name', slash(option(), option())],
    ['over 8000 characters', slash(...times(3, large))],
    ['a described message command', { name: 'A file', type: 3, description: 'd' }],
  ])('refuses %s', async (_what, command) => {
    expect(await refused(put([command]))).toBe('400 50035')
  })

  test('keeps ids by name', async () => {
    const before = discord.registered().map(({ id }) => id)
    await put([...COMMANDS].reverse())
    expect(discord.registered().map(({ id }) => id)).toEqual(before.reverse())
    expect(await rest().get(Routes.applicationCommands(discord.applicationId))).toHaveLength(3)
    await put(COMMANDS)
    expect(await refused(put([COMMANDS[0], COMMANDS[0]]))).toBe('400 50035')
    expect(await refused(rest().put(Routes.applicationCommands('123456789012345678'), { body: [] }))).toBe(
      '403 20012',
    )
  })
})

describe('a channel', () => {
  const all =
    MAY.VIEW_CHANNEL | MAY.SEND_MESSAGES | MAY.ATTACH_FILES | MAY.EMBED_LINKS | MAY.READ_MESSAGE_HISTORY
  const without = (permission: bigint) => discord.guild().channel({ permissions: all & ~permission })

  test('asks for permissions', async () => {
    const blind = without(MAY.VIEW_CHANNEL)
    expect(await refused(post(blind, { content: 'x' }))).toBe('403 50001')
    expect(await refused(rest().get(Routes.channel(blind.id)))).toBe('403 50001')
    expect(await refused(post(without(MAY.SEND_MESSAGES), { content: 'x' }))).toBe('403 50013')
    expect(await refused(post(without(MAY.EMBED_LINKS), { embeds: [{ title: 'x' }] }))).toBe('403 50013')
    const noFiles = without(MAY.ATTACH_FILES)
    expect(await refused(post(noFiles, {}, [file('a.mp3')]))).toBe('403 50013')
    const { id } = await post(noFiles, { content: 'x' })
    expect(await refused(patch(noFiles, id, {}, [file('a.mp3')]))).toBe('403 50013')
    const forgetful = without(MAY.READ_MESSAGE_HISTORY)
    const made = await post(forgetful, { content: 'x' })
    expect(await refused(rest().get(Routes.channelMessage(forgetful.id, made.id)))).toBe('403 50013')
    expect(await rest().get(Routes.channelMessages(forgetful.id))).toEqual([])
    const reply = { content: 'x', message_reference: { message_id: made.id } }
    expect(await refused(post(forgetful, reply))).toBe('400 160002')
    expect(await refused(post({ ...forgetful, id: '123456789012345678' } as Channel, { content: 'x' }))).toBe(
      '404 10003',
    )
  })

  test('is edited with a view only, and files by token need leave as well', async () => {
    const channel = discord.guild().channel()
    const asked = await ask(channel)
    await callback(asked, 4, { content: 'x' })
    channel.permissions = MAY.VIEW_CHANNEL
    await patch(channel, asked.message?.id ?? '', { content: 'y' })
    expect(asked.message?.content).toBe('y')
    const barred = await ask(channel)
    expect(await refused(callback(barred, 4, { content: 'x' }, [file('a.mp3')]))).toBe('403 50013')
  })

  test('of a guild the bot has left is shut', async () => {
    const guild = discord.guild()
    const channel = guild.channel()
    guild.removeBot()
    expect(await refused(post(channel, { content: 'x' }))).toBe('403 50001')
    expect(await refused(rest().get(Routes.guild(guild.id)))).toBe('403 50001')
  })

  test('of direct messages takes them until the person blocks', async () => {
    const user = discord.user()
    const { id } = (await rest().post(Routes.userChannels(), { body: { recipient_id: user.id } })) as Shape
    expect(id).toBe(discord.dm(user).id)
    await post(discord.dm(user), { content: 'hello' })
    user.blocksDms = true
    expect(await refused(post(discord.dm(user), { content: 'x' }))).toBe('403 50007')
  })

  test('that is a thread may be archived or locked', async () => {
    const guild = discord.guild()
    const parent = guild.channel()
    const thread = guild.thread(parent)
    const { id } = await post(thread, { content: 'x' })
    thread.archived = true
    expect(await refused(patch(thread, id, { content: 'y' }))).toBe('400 50083')
    await post(thread, { content: 'wakes it' })
    expect(thread.archived).toBe(false)
    await rest().patch(Routes.channel(thread.id), { body: { archived: true } })
    await rest().patch(Routes.channel(thread.id), { body: { archived: false } })
    const asked = await ask(thread)
    thread.locked = thread.archived = true
    expect(await refused(post(thread, { content: 'x' }))).toBe('403 160005')
    expect(await refused(callback(asked, 4, { content: 'x' }))).toBe('400 50083')
    expect(await refused(rest().patch(Routes.channel(thread.id), { body: { archived: false } }))).toBe(
      '403 50013',
    )
    parent.permissions = MAY.VIEW_CHANNEL | MAY.SEND_MESSAGES
    expect(await refused(post(guild.thread(parent), { content: 'x' }))).toBe('403 50013')
  })

  test('is read in pages', async () => {
    const channel = discord.guild().channel()
    const ids = times(6, (n) => channel.post(discord.user(), `${n}`).id)
    const page = async (query: Record<string, string>) => {
      const found = await rest().get(Routes.channelMessages(channel.id), {
        query: new URLSearchParams(query),
      })
      return (found as Shape[]).map((one) => ids.indexOf(one.id)).join('')
    }
    discord.clock.advance(5)
    expect(await page({ limit: '2' })).toBe('54')
    expect(await page({ before: ids[3] ?? '', limit: '2' })).toBe('21')
    expect(await page({ after: ids[2] ?? '', limit: '2' })).toBe('43')
    expect(await page({ around: ids[2] ?? '', limit: '3' })).toBe('321')
    expect(await refused(page({ limit: '101' }))).toBe('400 50035')
  })
})

describe('a message', () => {
  let channel: Channel
  const fresh = () => {
    channel = discord.guild().channel()
    return channel
  }
  const button = (more: Body) => ({ type: 2, style: 1, label: 'x', ...more })
  const row = (...components: Body[]) => ({ type: 1, components })

  const buttons = (count: number) => times(count, (n) => button({ custom_id: `${n}` }))
  const rows = (...components: Body[]) => ({ components: [row(...components)] })
  const embeds = (...all: Body[]) => ({ embeds: all })
  const option = (more: Body = {}) => ({ label: 'x', value: 'x', ...more })
  const selecting = (...options: Body[]) => ({ type: 3, custom_id: 'b', options })
  const select = selecting(option())
  const v2 = (...components: Body[]) => ({ flags: MessageFlags.IsComponentsV2, components })
  const words = (content = 'x') => ({ type: 10, content })
  const link = (url?: string) => ({ type: 2, style: 5, label: 'x', ...(url ? { url } : {}) })
  const nobody = '123456789012345678'

  test.each<[string, Body, string]>([
    ['too long a text', { content: 'x'.repeat(2001) }, 'content'],
    ['11 embeds', embeds(...times(11, () => ({ title: 'x' }))), 'embeds'],
    ['a long title', embeds({ title: 'x'.repeat(257) }), '"embeds":{"0":{"title"'],
    ['a long description', embeds({ description: 'x'.repeat(4097) }), 'description'],
    ['26 fields', embeds({ fields: times(26, () => ({ name: 'n', value: 'v' })) }), 'fields'],
    ['an empty field', embeds({ fields: [{ name: 'n', value: '' }] }), 'BASE_TYPE_REQUIRED'],
    ['an empty embed', embeds({}), 'BASE_TYPE_REQUIRED'],
    [
      '6002 characters of embeds',
      embeds(...times(2, () => ({ description: 'x'.repeat(3001) }))),
      'MAX_EMBED',
    ],
    ['a picture on a disk', embeds({ title: 'x', image: { url: 'file:///etc/passwd' } }), 'INVALID_SCHEME'],
    ['a picture nowhere', embeds({ title: 'x', thumbnail: { url: 'https://a b' } }), 'URL_TYPE_INVALID_URL'],
    ['six rows', { components: buttons(6).map((one) => row(one)) }, 'components'],
    ['six buttons in a row', rows(...buttons(6)), 'components'],
    ['a custom id twice', rows(button({ custom_id: 'a' }), button({ custom_id: 'a' })), 'DUPLICATED'],
    ['a long custom id', rows(button({ custom_id: 'a'.repeat(101) })), 'custom_id'],
    ['a button without an id', rows(button({})), 'CUSTOM_ID_REQUIRED'],
    ['a button without words', rows({ type: 2, style: 1, custom_id: 'a' }), 'LABEL_OR_EMOJI'],
    ['a long label', rows(button({ custom_id: 'a', label: 'x'.repeat(81) })), 'label'],
    ['a link without a url', rows(link()), 'URL_REQUIRED'],
    ['a link to a script', rows(link('javascript:x')), 'SCHEME'],
    ['a select beside a button', rows(...buttons(1), select), 'WIDTH'],
    ['a select of nothing', rows(selecting()), 'options'],
    ['26 options', rows(selecting(...times(26, (n) => option({ value: `${n}` })))), 'options'],
    ['an option twice', rows(selecting(option(), option())), 'VALUE_DUPLICATED'],
    ['an option without words', rows(selecting(option({ label: '' }))), 'label'],
    ['a long option', rows(selecting(option({ label: 'x'.repeat(101) }))), 'label'],
    ['a long value', rows(selecting(option({ value: 'x'.repeat(101) }))), 'value'],
    ['a long description', rows(selecting(option({ description: 'x'.repeat(101) }))), 'description'],
    ['a long placeholder', rows({ ...select, placeholder: 'x'.repeat(151) }), 'placeholder'],
    ['new components unflagged', { components: [words()] }, 'UNION_TYPE_CHOICES'],
    ['new components and a text', { ...v2(words()), content: 'x' }, 'LEGACY_FIELDS'],
    ['42 new components', v2(...times(40, () => words()), row(...buttons(1))), 'components'],
    ['4002 characters of them', v2(...times(2, () => words('x'.repeat(2001)))), 'TEXT_SIZE'],
    ['a file that is not there', v2({ type: 13, file: { url: 'attachment://a' } }), 'ATTACHMENT_NOT_FOUND'],
    ['mentions both ways', { content: 'x', allowed_mentions: { parse: ['users'], users: [nobody] } }, 'EXCL'],
    ['a reply to nothing', { content: 'x', message_reference: { message_id: nobody } }, 'UNKNOWN_MESSAGE'],
    ['a long nonce', { content: 'x', nonce: 'n'.repeat(26) }, 'nonce'],
  ])('is refused with %s', async (_what, body, where) => {
    expect(await formErrors(post(fresh(), body))).toContain(where)
    expect(channel.messages).toEqual([])
  })

  test('of a wrong shape is noted as well', async () => {
    expect(await formErrors(post(fresh(), { content: ['x'] }))).toContain('content')
    await post(channel, { content: 'x', colour: 'red' })
    expect(provoked()).toHaveLength(2)
  })

  test('is never empty', async () => {
    expect(await refused(post(fresh(), {}))).toBe('400 50006')
    expect(await refused(post(channel, { content: ' \n ' }))).toBe('400 50006')
    const { id } = await post(channel, { content: 'x' })
    expect(await refused(patch(channel, id, { content: '' }))).toBe('400 50006')
  })

  test('with new components keeps them', async () => {
    const box = { type: 17, components: [words(), { type: 13, file: { url: 'attachment://a.mp3' } }] }
    const made = await post(fresh(), v2(box), [file('a.mp3'), file('b.mp3')])
    expect(made.attachments.map((one) => one.filename)).toEqual(['b.mp3'])
    expect(made['components']).toMatchObject([{ components: [{}, { type: 13, name: 'a.mp3', size: 3 }] }])
    expect(await formErrors(patch(channel, made.id, { flags: 0, content: 'x' }))).toContain('LEGACY_FIELDS')
  })

  test('is refused by AutoMod, also as an edit', async () => {
    discord.block(/forbidden song/i)
    const { id } = await post(fresh(), { content: 'x' })
    expect(await refused(post(channel, { embeds: [{ title: 'Forbidden Song' }] }))).toBe('400 200000')
    expect(await refused(patch(channel, id, { content: 'a forbidden song' }))).toBe('400 200000')
    expect(await refused(callback(await ask(channel), 4, { content: 'forbidden song' }))).toBe('400 200000')
    const menu = rows(selecting(option({ description: 'a forbidden song' })))
    expect(await refused(post(channel, { content: 'x', ...menu }))).toBe('400 200000')
  })

  test('with a nonce is made once in a few minutes', async () => {
    const body = { content: 'done', nonce: 'n1', enforce_nonce: true }
    const first = await post(fresh(), body)
    expect((await post(channel, body)).id).toBe(first.id)
    expect((await post(channel, body, [file('a.mp3')])).id).toBe(first.id)
    expect(channel.messages).toHaveLength(1)
    discord.clock.advance(200)
    expect((await post(channel, body)).id).not.toBe(first.id)
    await post(channel, { ...body, enforce_nonce: false })
    expect(channel.messages).toHaveLength(3)
  })

  test('pings only who may be, and only when it is new', async () => {
    const [ann, bob] = [discord.user(), discord.user()]
    const asked = fresh().post(ann, 'separate this')
    const pinged = async (body: Body) => {
      discord.clock.advance(5)
      const { id } = await post(channel, { content: `<@${ann.id}> <@!${bob.id}> \`<@1>\``, ...body })
      return channel.messages.find((one) => one.id === id)?.mentionsNotified
    }
    expect(await pinged({})).toEqual([ann.id, bob.id])
    expect(await pinged({ allowed_mentions: { parse: [] } })).toEqual([])
    expect(await pinged({ allowed_mentions: { parse: [], users: [bob.id] } })).toEqual([bob.id])
    expect(await pinged({ flags: MessageFlags.SuppressNotifications })).toEqual([])
    const reference = { message_id: asked.id }
    expect(await pinged({ content: 'x', message_reference: reference })).toEqual([ann.id])
    const quiet = { allowed_mentions: { parse: [] }, message_reference: reference }
    expect(await pinged({ content: 'x', ...quiet })).toEqual([])
    const gone = { message_id: '123456789012345678', fail_if_not_exists: false }
    expect(await pinged({ content: 'x', message_reference: gone })).toEqual([])
    const { id } = await post(channel, { content: 'x' })
    discord.clock.advance(5)
    await patch(channel, id, { content: `<@${ann.id}>` })
    expect(channel.messages.find((one) => one.id === id)?.mentionsNotified).toEqual([])
  })

  test('belongs to its author, and an ephemeral one to a token', async () => {
    const foreign = fresh().post(discord.user(), 'mine')
    expect(await refused(patch(channel, foreign.id, { content: 'x' }))).toBe('403 50005')
    expect(await refused(rest().delete(Routes.channelMessage(channel.id, foreign.id)))).toBe('403 50013')
    const asked = await ask(channel)
    await callback(asked, 4, { content: 'psst', flags: MessageFlags.Ephemeral })
    expect(await refused(patch(channel, asked.message?.id ?? '', { content: 'x' }))).toBe('404 10008')
    const own = await post(channel, { content: 'x' })
    await rest().delete(Routes.channelMessage(channel.id, own.id))
    expect(await refused(patch(channel, own.id, { content: 'x' }))).toBe('404 10008')
  })
})

describe('files', () => {
  test('are kept, replaced or removed by the list of an edit', async () => {
    const channel = discord.guild().channel()
    const names = (message: Shape) => message.attachments.map((one) => one.filename).join()
    const made = await post(channel, { attachments: [{ id: 0, description: 'vocals' }] }, [
      file('a.mp3'),
      file('b.mp3'),
    ])
    expect(names(made)).toBe('a.mp3,b.mp3')
    expect(provoked()).toEqual(['files[1] is not in the list of attachments'])
    expect(channel.messages[0]?.attachments[0]?.description).toBe('vocals')
    const [a, b] = made.attachments
    expect(names(await patch(channel, made.id, { content: 'kept' }))).toBe('a.mp3,b.mp3')
    const list = [{ id: b?.id }, { id: '0' }]
    expect(names(await patch(channel, made.id, { attachments: list }, [file('c.mp3')]))).toBe('b.mp3,c.mp3')
    expect(names(await patch(channel, made.id, {}, [file('d.mp3')]))).toBe('d.mp3')
    expect(await formErrors(patch(channel, made.id, { attachments: [{ id: a?.id }] }))).toContain(
      'attachments',
    )
    discord.clock.advance(5)
    expect(names(await patch(channel, made.id, { attachments: [] }))).toBe('')
  })

  test('have clean names and signed links that age', async () => {
    const channel = discord.guild().channel()
    const made = await post(channel, {}, [file('My song (é).mp3'), file('plain-name_1.flac')])
    expect(made.attachments).toMatchObject([
      { filename: 'My_song_e.mp3', title: 'My song (é)', content_type: 'audio/mpeg' },
      { filename: 'plain-name_1.flac' },
    ])
    const url = made.attachments[0]?.url ?? ''
    expect(await (await fetch(url)).text()).toBe('\u0001'.repeat(3))
    expect((await fetch(url, { headers: { range: 'bytes=1-1' } })).status).toBe(206)
    expect((await fetch(url.replace(/hm=./, 'hm=x'))).status).toBe(404)
    discord.clock.advance(25 * 3600)
    expect((await fetch(url)).status).toBe(404)
    const [again] = channel.messages[0]?.attachments ?? []
    expect((await fetch(again?.url ?? '')).status).toBe(200)
  })

  test('are ten of 10 MiB at most, more in a boosted guild, and 25 MiB together', async () => {
    const channel = discord.guild().channel()
    const eleven = times(11, (n) => file(`${n}.mp3`))
    expect(await refused(post(channel, {}, eleven))).toBe('400 30015')
    expect(await refused(post(channel, {}, [file('a.mp3', 10 * MIB + 1)]))).toBe('413 40005')
    await post(channel, {}, [file('a.mp3', 10 * MIB)])
    await post(discord.guild({ premiumTier: 2 }).channel(), {}, [file('a.mp3', 11 * MIB)])
    const three = ['a', 'b', 'c'].map((name) => file(name, 9 * MIB))
    expect(await refused(post(channel, {}, three))).toBe('413 40005')
    const user = discord.user()
    const wide = await discord.command(
      user,
      channel,
      'separate',
      { song: 'x' },
      { attachmentSizeLimit: 20 * MIB },
    )
    await callback(wide, 4, { content: 'x' }, [file('a.mp3', 11 * MIB)])
    const bot = patch(channel, wide.message?.id ?? '', {}, [file('a.mp3', 11 * MIB)])
    expect(await refused(bot)).toBe('413 40005')
  })
})

describe('rate limits', () => {
  const impatient = () =>
    new REST({ api: discord.apiUrl, version: '10', retries: 0, rejectOnRateLimit: () => true }).setToken(
      discord.token,
    )
  const raw = (path: string, method = 'GET', body?: Body) =>
    fetch(`${discord.apiUrl}/v10${path}`, {
      method,
      headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })

  test('let five messages through in five seconds, a channel', async () => {
    const [channel, other] = [discord.guild().channel(), discord.guild().channel()]
    const path = Routes.channelMessages(channel.id)
    let answer = await raw(path, 'POST', { content: 'x' })
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('4')
    for (let n = 0; n < 4; n += 1) answer = await raw(path, 'POST', { content: 'x' })
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(discord.requests.at(-1)?.bucket).toBe(answer.headers.get('x-ratelimit-bucket'))
    const before = discord.rateLimited.length
    answer = await raw(path, 'POST', { content: 'x' })
    expect(answer.status).toBe(429)
    expect(answer.headers.get('x-ratelimit-scope')).toBe('user')
    expect(await answer.json()).toMatchObject({ global: false, retry_after: expect.any(Number) })
    await raw(path, 'POST', { content: 'x' })
    expect(discord.rateLimited.slice(before).map((one) => one.repeatedTooSoon)).toEqual([false, true])
    await post(other, { content: 'x' })
    discord.clock.advance(5)
    await post(channel, { content: 'x' })
    await expect(
      (async () => {
        const client = impatient()
        for (let n = 0; n < 6; n += 1) await client.post(path, { body: { content: 'x' } })
      })(),
    ).rejects.toMatchObject({ name: expect.stringContaining('RateLimitError') })
  })

  test('count three edits in six seconds of what is over an hour old', async () => {
    const channel = discord.guild().channel()
    const { id } = await post(channel, { content: 'x' })
    const path = Routes.channelMessage(channel.id, id)
    discord.clock.advance(3601)
    for (let n = 0; n < 3; n += 1) expect((await raw(path, 'PATCH', { content: `${n}` })).status).toBe(200)
    const answer = await raw(path, 'PATCH', { content: 'x' })
    expect(answer.status).toBe(429)
    expect(await answer.json()).toMatchObject({ code: 30046 })
    discord.clock.advance(6)
    expect((await raw(path, 'PATCH', { content: 'x' })).status).toBe(200)
  })

  test('count five on a token, and fifty a second but for tokens', async () => {
    const asked = await ask(discord.guild().channel())
    await callback(asked, 4, { content: 'x' })
    const statuses = async (count: number, path: string) =>
      (await Promise.all(times(count, () => raw(path)))).map((one) => one.status)
    discord.clock.advance(5)
    expect(await statuses(6, original(asked.token))).toContain(429)
    discord.clock.advance(5)
    expect((await statuses(51, '/users/@me')).filter((one) => one === 429).length).toBeGreaterThan(0)
    expect((await raw(original(asked.token))).status).toBe(200)
    expect(discord.rateLimited.at(-1)).toMatchObject({ scope: 'global' })
    discord.clock.advance(2)
  })
})

describe('what goes wrong', () => {
  test('takes effect or not, as told', async () => {
    const channel = discord.guild().channel()
    const route = Routes.channelMessages(channel.id)
    const failing = async (
      how: Parameters<typeof discord.fail>[0]['how'],
      files?: File[],
      patienceMs = 300,
    ) => {
      discord.fail({ method: 'POST', route, times: 1, how })
      const before = channel.messages.length
      const request = rest().post(route, {
        body: { content: 'x' },
        signal: AbortSignal.timeout(patienceMs),
        ...(files ? { files } : {}),
      })
      const outcome = await request.then(
        () => 'fine',
        (error: unknown) => (error as { status?: number }).status ?? (error as Error).name,
      )
      discord.clock.advance(5)
      return [outcome, channel.messages.length - before]
    }
    expect(await failing({ kind: 'status', status: 502 })).toEqual([502, 0])
    expect(await failing({ kind: 'status', status: 502, after: true })).toEqual([502, 1])
    expect((await failing({ kind: 'cut' }))[1]).toBe(0)
    expect((await failing({ kind: 'cut', after: true }))[1]).toBe(1)
    expect((await failing({ kind: 'cut', atByte: 70_000 }, [file('a.mp3', MIB)]))[1]).toBe(0)
    expect(await failing({ kind: 'hang', after: true })).toEqual(['AbortError', 1])
    expect(await failing({ kind: 'hang', seconds: 0.05 })).toEqual(['fine', 1])
    expect(await failing({ kind: 'refuse', status: 403, code: 50013, message: 'No' })).toEqual([403, 0])
    expect(await failing({ kind: 'truncate', bytes: 2 }, [file('a.mp3')])).toEqual(['fine', 1])
    expect(channel.messages.at(-1)?.attachments[0]?.size).toBe(2)
    // The header counts whole seconds.
    const shared = { kind: 'rateLimit', retryAfterSeconds: 0.5, scope: 'shared' } as const
    expect(await failing(shared, [], 3000)).toEqual(['fine', 1])
    expect(discord.rateLimited.at(-1)).toMatchObject({ scope: 'shared', repeatedTooSoon: false })
  })

  test('reaches downloads too', async () => {
    const channel = discord.guild().channel()
    const { attachments } = channel.post(discord.user(), 'x', [{ name: 'a.mp3', bytes: Buffer.alloc(1000) }])
    const url = attachments[0]?.url ?? ''
    discord.fail({ route: '/attachments/', times: 1, how: { kind: 'truncate', bytes: 10 } })
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow()
    expect((await fetch(url)).status).toBe(200)
    expect(discord.downloads.at(-1)?.status).toBe(200)
  })
})

describe('the client', () => {
  test('meets people', async () => {
    const guild = discord.guild()
    const channel = guild.channel({ name: 'songs' })
    const ann = discord.user({ name: 'ann' })
    await using client = await connect()
    expect(client.guilds.cache.get(guild.id)?.name).toBe('The band')
    client.on(Events.InteractionCreate, async (interaction) => {
      if (interaction.isAutocomplete())
        await interaction.respond([{ name: interaction.options.getFocused(), value: 'v' }])
      if (interaction.isButton() && interaction.customId === 'title')
        await interaction.showModal({
          customId: 'm',
          title: 'Title',
          components: [{ type: 1, components: [{ type: 4, customId: 't', label: 'Title', style: 1 }] }],
        })
      else if (interaction.isButton()) await interaction.update({ content: 'cancelled', components: [] })
      if (interaction.isModalSubmit())
        await interaction.reply({
          content: interaction.fields.getTextInputValue('t'),
          flags: MessageFlags.Ephemeral,
        })
      if (interaction.isMessageContextMenuCommand()) {
        await interaction.deferReply()
        await interaction.editReply(interaction.targetMessage.attachments.first()?.name ?? 'none')
      }
      if (!interaction.isChatInputCommand()) return
      const attached = interaction.options.getAttachment('file')
      const { resource } = await interaction.reply({
        content: `queued ${attached?.name} in ${(interaction.channel as { name?: string } | null)?.name}`,
        withResponse: true,
        components: [
          {
            type: 1,
            components: ['cancel', 'title'].map((customId) => ({
              type: 2,
              style: 1,
              label: customId,
              customId,
            })),
          },
        ],
      })
      await interaction.editReply({
        content: resource?.message?.id ?? '',
        files: [{ attachment: Buffer.from('mp3'), name: 'a.mp3' }],
      })
      await interaction.followUp({ content: 'psst', flags: MessageFlags.Ephemeral })
    })
    const song = { name: 's.mp3', bytes: Buffer.from('abc') }
    const asked = await discord.command(ann, channel, 'separate', { song: 'x' }, { file: song, locale: 'de' })
    expect(await asked.answer).toMatchObject({ type: 4, data: { content: 'queued s.mp3 in songs' } })
    await until(() => asked.followups.length > 0)
    expect(asked.message?.content).toBe(asked.message?.id)
    expect(discord.bytesOf(asked.message?.attachments[0] ?? { id: '' }).toString()).toBe('mp3')
    const completing = await discord.autocomplete(ann, channel, 'find', { song: 'be' }, 'song')
    expect(await completing.answer).toMatchObject({ type: 8, data: { choices: [{ name: 'be' }] } })
    if (!asked.message) throw new Error('no message')
    const title = await discord.press(ann, asked.message, 'title')
    const submitted = await discord.submit(title, { t: 'A song' })
    expect(await submitted.answer).toMatchObject({ type: 4, data: { content: 'A song' } })
    await discord.press(ann, asked.message, 'cancel').then((pressed) => pressed.answer)
    expect(asked.message).toMatchObject({ content: 'cancelled', components: [] })
    await expect(discord.press(ann, asked.message, 'cancel')).rejects.toThrow('no component')
    const offered = channel.post(ann, 'mine', [song])
    const menu = await discord.messageCommand(ann, offered, 'Separate this file')
    await until(() => menu.message?.content === 's.mp3')
    expect(menu.message?.mentionsNotified).toEqual([])
  })

  test('comes without intents, or twice, or with a wrong token or intent', async () => {
    const channel = discord.guild().channel()
    await using bare = await connect({ intents: [] })
    await using second = await connect()
    expect(bare.guilds.cache.get(channel.guild?.id ?? '')?.available).not.toBe(true)
    expect(discord.gateway.sessions.count).toBe(2)
    const outcomes: string[] = []
    for (const client of [bare, second])
      client.on(Events.InteractionCreate, async (interaction) => {
        if (!interaction.isRepliable()) return
        const outcome = await interaction.reply('mine').then(
          () => 'first',
          (error: DiscordAPIError) => String(error.code),
        )
        outcomes.push(outcome)
      })
    await ask(channel)
    await until(() => outcomes.length === 2)
    expect(outcomes.sort()).toEqual(['40060', 'first'])
    await expect(connect({ token: 'a.b.c' })).rejects.toThrow()
    await expect(connect({ intents: [GatewayIntentBits.MessageContent] })).rejects.toThrow(
      'disallowed intents',
    )
  })

  test('resumes and is given what it missed; what reaches nobody is lost', async () => {
    const channel = discord.guild().channel()
    const client = await connect()
    const heard: string[] = []
    client.on(Events.InteractionCreate, (interaction) => heard.push(interaction.id))
    discord.gateway.refuse(true)
    discord.gateway.drop()
    await until(() => discord.gateway.sessions.count === 0)
    const missed = await ask(channel)
    expect(discord.lost.map((one) => one['id'])).toContain(missed.id)
    discord.gateway.refuse(false)
    await until(() => heard.length > 0)
    expect(heard).toEqual([missed.id])
    expect(discord.gateway.sessions.resumes).toBe(1)
    expect(discord.lost.map((one) => one['id'])).not.toContain(missed.id)
    await client.destroy()
    await until(() => discord.gateway.sessions.count === 0)
    const lost = await ask(channel)
    expect(discord.lost.map((one) => one['id'])).toContain(lost.id)
  })

  test('comes back when its session is ended, or its heartbeats find no answer', async () => {
    const other = await startDiscord({ heartbeatIntervalMs: 300 })
    const { sessions } = other.gateway
    const client = await connect({ to: other })
    other.gateway.close(4000)
    await until(() => sessions.resumes === 1)
    other.gateway.reconnect()
    await until(() => sessions.resumes === 2)
    other.gateway.invalidate(true)
    await until(() => sessions.resumes === 3)
    other.gateway.pause()
    await until(() => sessions.resumes === 4)
    other.gateway.resume()
    await client.destroy()
    await other.close()
  })
})

test('the shapes of answers are really held against the description', async () => {
  const made = await post(discord.guild().channel(), { content: 'x' })
  expect(wrongWithMessage(made)).toBeUndefined()
  expect(wrongWithMessage({ ...made, flags: 'none' })).toContain('/flags')
  const { channel_id: _, ...without } = made
  expect(wrongWithMessage(without)).toContain('channel_id')
  expect(wrongWithMessage({ ...made, poll: {} })).toContain('/poll')
  const other = await startDiscord()
  other.problems.push('something')
  await expect(other.close()).rejects.toThrow('something')
})
