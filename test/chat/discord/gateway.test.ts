import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../../commands/index.ts'
import { serveDiscord } from '../../../src/chat/discord/gateway/serve.ts'
import type { Settings } from '../../../src/config.ts'
import type { Services } from '../../../src/services.ts'
import type { Database } from '../../../src/store/database.ts'
import { findMessage } from '../../../src/store/messages.ts'
import {
  type Answer,
  type Discord,
  type Interaction,
  MAY,
  startDiscord,
} from '../../support/discord/server.ts'
import { until } from '../../support/until.ts'
import { createWorld } from '../../support/world.ts'

const EPHEMERAL = 1 << 6
const flac = { name: 'Take 1.flac', bytes: Buffer.from('fLaC and so on') }
const png = { name: 'cover.png', bytes: Buffer.from('picture') }

describe('at Discord', async () => {
  const world = await createWorld()
  const { db } = world.services
  let songs = 0
  const newSong = () => `Artist Song Number ${songs++}`

  /** A Discord of its own with a guild, a channel and people, and the bot listening there. */
  async function open(more: { services?: Partial<Services>; settings?: Partial<Settings> } = {}) {
    const discord = await startDiscord()
    world.onClose(() => discord.close())
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    const serve = (changed: { token?: string; services?: Partial<Services> } = {}) => {
      const { apiUrl, token, applicationId } = discord
      const access = { apiUrl, token: changed.token ?? token, applicationId }
      const services = { ...world.services, ...more.services, ...changed.services }
      const bot = serveDiscord(access, { ...world.settings, ...more.settings }, services, log)
      world.onClose(() => bot.stop())
      return bot
    }
    const bot = serve()
    await until(() => discord.gateway.sessions.count === 1 && discord.registered().length > 0)
    const guild = discord.guild()
    const [ann, bob] = [discord.user({ name: 'ann' }), discord.user({ name: 'bob' })]
    const moderator = discord.user({ permissions: MAY.MANAGE_MESSAGES })
    const separate = (song = newSong(), user = ann, where = channel) =>
      discord.command(user, where, 'separate', { song })
    const channel = guild.channel()
    return { discord, bot, serve, lines, guild, channel, ann, bob, moderator, separate }
  }
  const at = await open()

  const answered = async (asked: Promise<Interaction>) => {
    const answer = await (await asked).answer
    if (!answer) throw new Error('not answered within three seconds')
    return answer
  }
  const privately = (answer: Answer): string => {
    expect(answer.type).toBe(4)
    expect(Number(answer.data['flags']) & EPHEMERAL).toBe(EPHEMERAL)
    return String(answer.data['content'])
  }
  const titleOf = (answer: Answer) => answer.message?.embeds[0]?.['title']
  const requestsOf = (interaction: { id: string }) =>
    world.rows(
      `select r.*, t.source, t.title from requests r join interactions i on i.id = r.interaction_id join tracks t on t.id = r.track_id
       where i.external_id = $1`,
      [interaction.id],
    )
  const requestOf = async (interaction: { id: string }) => {
    const [row, ...more] = await requestsOf(interaction)
    expect(more).toEqual([])
    if (!row) throw new Error('no request was saved')
    return { ...row, number: Number(row['number']) } as {
      id: string
      number: number
      state: string
      title: string
      source: { [key: string]: unknown }
    }
  }
  const messageIdOf = (requestId: string) =>
    until(async () => (await findMessage(db, requestId))?.messageId ?? undefined)
  const callbacks = (discord: Discord, interaction: { id: string }) =>
    discord.requests.filter(({ path }) => path.startsWith(`/interactions/${interaction.id}/`))
  /** A database of which some calls do something else. */
  const dbWith = (changes: Partial<Database>): Database => ({ ...db, ...changes })

  describe('a slash command', () => {
    test('is saved, and answered by its card', async () => {
      const song = newSong()
      const interaction = await at.separate(song)
      const answer = await answered(Promise.resolve(interaction))
      expect(answer.message?.ephemeral).toBe(false)
      expect(titleOf(answer)).toBe(song)
      const request = await requestOf(interaction)
      expect(answer.message?.embeds[0]?.['footer']).toMatchObject({ text: `Request #${request.number}` })
      const message = await until(async () => {
        const found = await findMessage(db, request.id)
        return found?.shown ? found : undefined
      })
      expect(message).toMatchObject({
        platform: 'discord',
        app: at.discord.applicationId,
        workspace: at.guild.id,
        channel: at.channel.id,
        person: at.ann.id,
        messageId: answer.message?.id,
        interactionId: interaction.id,
        token: interaction.token,
        maxFileBytes: interaction.sizeLimitBytes,
        state: 'open',
        plain: false,
      })
      const lifeMs = (message.tokenExpiresAt?.getTime() ?? 0) - interaction.sentAtMs
      expect(lifeMs).toBeGreaterThan(14 * 60_000)
      expect(lifeMs).toBeLessThan(15 * 60_000)
    })

    test('of which Discord tells only what is needed is answered all the same', async () => {
      const omit = [
        'entitlements',
        'authorizing_integration_owners',
        'app_permissions',
        'attachment_size_limit',
      ]
      const song = newSong()
      const more = { omit: [...omit, 'channel', 'locale', 'application_id'] }
      const answer = await answered(at.discord.command(at.ann, at.channel, 'separate', { song }, more))
      expect(titleOf(answer)).toBe(song)
    })

    test('given again is answered privately, with a link to the message that is there', async () => {
      const song = newSong()
      const first = await answered(at.separate(song))
      const interaction = await at.separate(song)
      const text = privately(await answered(Promise.resolve(interaction)))
      expect(text).toContain(
        `](https://discord.com/channels/${at.guild.id}/${at.channel.id}/${first.message?.id}) shows how it stands`,
      )
      expect(await requestsOf(interaction)).toEqual([])
    })

    test('whose message was deleted is shown again', async () => {
      const song = newSong()
      const interaction = await at.separate(song)
      await interaction.answer
      const { id } = await requestOf(interaction)
      await messageIdOf(id)
      await db.query("update messages set state = 'deleted' where request_id = $1", [id])
      expect(privately(await answered(at.separate(song)))).toMatch(/Its message was deleted/)
      expect(await findMessage(db, id)).toMatchObject({ state: 'open', messageId: null })
    })

    test('that is wrong is answered by a private sentence, and nothing is saved', async () => {
      const interaction = await at.separate('https://open.spotify.com/artist/4uLU6hMCjMI75M1A2tKUQC')
      expect(privately(await answered(Promise.resolve(interaction)))).toMatch(/^That is an artist/)
      const stems = at.discord.command(at.ann, at.channel, 'separate', { song: 'x y', stems: 'triangle' })
      expect(privately(await answered(stems))).toMatch(/^stems: choose among/)
      const neither = at.discord.command(at.ann, at.channel, 'separate')
      expect(privately(await answered(neither))).toMatch(/^Give a link to a song/)
      expect(await requestsOf(interaction)).toEqual([])
    })

    test('works in direct messages', async () => {
      const song = newSong()
      const dm = at.discord.dm(at.ann)
      const first = await answered(at.separate(song, at.ann, dm))
      const text = privately(await answered(at.separate(song, at.ann, dm)))
      expect(text).toContain(`](https://discord.com/channels/@me/${dm.id}/${first.message?.id})`)
    })

    test('works in a thread', async () => {
      const thread = at.guild.thread(at.channel)
      const interaction = await at.separate(newSong(), at.ann, thread)
      await interaction.answer
      const { id } = await requestOf(interaction)
      expect(await findMessage(db, id)).toMatchObject({ channel: thread.id })
    })

    test('is refused where stems could not be posted, with what to do', async () => {
      for (const [appPermissions, missing] of [
        [MAY.VIEW_CHANNEL, 'give me Attach Files,'],
        [0n, 'give me View Channel and Attach Files,'],
      ] as const) {
        const interaction = await at.discord.command(
          at.ann,
          at.channel,
          'separate',
          { song: newSong() },
          { appPermissions },
        )
        expect(privately(await answered(Promise.resolve(interaction)))).toContain(missing)
        expect(await requestsOf(interaction)).toEqual([])
      }
    })

    test('is still answered by text where no files may be posted', async () => {
      const help = at.discord.command(at.ann, at.channel, 'help', {}, { appPermissions: 0n })
      expect(privately(await answered(help))).toContain('/separate')
    })

    test('for managers is kept from others', async () => {
      const permissions = MAY.VIEW_CHANNEL | (1n << 5n)
      const manager = at.discord.user({ permissions })
      expect(privately(await answered(at.discord.command(manager, at.channel, 'queue')))).toMatch(
        /processing/,
      )
      const help = privately(await answered(at.discord.command(manager, at.channel, 'help')))
      for (const { name } of COMMANDS) expect(help).toMatch(new RegExp(`^/${name}\\b`, 'm'))
      expect(help).not.toMatch(/…and \d+ more/)
      await expect(at.discord.command(at.moderator, at.channel, 'queue')).rejects.toThrow(/not offered/)
      await expect(at.discord.command(manager, at.discord.dm(manager), 'queue')).rejects.toThrow(
        /not offered/,
      )
    })

    test('names people and links messages in its private text, whatever a song is called', async () => {
      const { discord, channel, ann, separate } = await open()
      const first = await answered(separate('**loud** <@1> @everyone [a](https://b.c)'))
      await until(
        async () =>
          (await world.rows('select 1 from messages where message_id = $1', [first.message?.id])).length > 0,
      )
      const text = privately(await answered(discord.command(ann, channel, 'history')))
      expect(text).toContain(
        `](https://discord.com/channels/${channel.guild?.id}/${channel.id}/${first.message?.id})`,
      )
      expect(text).toContain(`<@${ann.id}>`)
      expect(text).toContain('\\*\\*loud\\*\\* \\<\\@1\\> \\@everyone \\[a\\]')
      expect(first.message?.embeds[0]?.['title']).toContain('\\*\\*loud\\*\\* \\<\\@1\\> \\@everyone \\[a\\]')
      expect(first.message?.mentions).toEqual([])
    })
  })

  describe('a file', () => {
    test('comes with the command', async () => {
      const interaction = await at.discord.command(at.ann, at.channel, 'separate', {}, { file: flac })
      await interaction.answer
      const { source, title } = await requestOf(interaction)
      expect(source).toMatchObject({
        kind: 'attachment',
        key: expect.stringMatching(/^attachment:discord:\d+$/),
        url: expect.stringContaining(at.discord.cdnUrl),
        origins: ['https://cdn.discordapp.com', 'https://media.discordapp.net', at.discord.cdnUrl],
      })
      expect(title).toBe('Take_1.flac')
    })

    test('is taken from a message: the first that is sound', async () => {
      const message = at.channel.post(at.bob, 'listen', [png, flac, { ...flac, name: 'second.flac' }])
      const interaction = await at.discord.messageCommand(at.ann, message, 'Separate this file')
      expect(titleOf(await answered(Promise.resolve(interaction)))).toBe('Take\\_1.flac')
      const analysis = at.discord.messageCommand(at.ann, message, 'Analyze this file')
      expect(titleOf(await answered(analysis))).toBe('Take\\_1.flac')
    })

    test('that is no sound, or missing, is refused', async () => {
      for (const files of [[], [png], [{ name: 'notes.txt', bytes: Buffer.from('la la') }]]) {
        const message = at.channel.post(at.bob, 'look', files)
        const interaction = at.discord.messageCommand(at.ann, message, 'Separate this file')
        expect(privately(await answered(interaction))).toMatch(/has no audio file/)
      }
    })

    test('of a message that nothing here knows is taken all the same', async () => {
      const odd = (change: (message: Record<string, unknown>) => object) => (payload: unknown) => {
        const { data } = payload as { data: { resolved: { messages: Record<string, unknown> } } }
        for (const [id, message] of Object.entries(data.resolved.messages))
          data.resolved.messages[id] = change(message as Record<string, unknown>)
      }
      const message = at.channel.post(at.bob, 'listen', [flac])
      const unknown = odd(({ id, attachments }) => ({
        id,
        attachments,
        type: 999,
        components: [{ type: 99 }],
      }))
      const taken = at.discord.messageCommand(at.ann, message, 'Separate this file', { odd: unknown })
      expect(titleOf(await answered(taken))).toBe('Take\\_1.flac')
      const bare = odd(({ id }) => ({ id, message_snapshots: [{ message: {} }] }))
      const refused = at.discord.messageCommand(at.ann, message, 'Separate this file', { odd: bare })
      expect(privately(await answered(refused))).toMatch(/has no audio file/)
      const gone = { odd: odd(() => ({})), omit: ['entitlements', 'authorizing_integration_owners'] }
      const empty = at.discord.messageCommand(at.ann, message, 'Separate this file', gone)
      expect(privately(await answered(empty))).toMatch(/has no audio file/)
    })

    test('that nobody knows is tried', async () => {
      const unknown = { name: 'demo.xyz', bytes: Buffer.from('?'), contentType: 'application/octet-stream' }
      const message = at.channel.post(at.bob, '', [unknown])
      const interaction = at.discord.messageCommand(at.ann, message, 'Separate this file')
      expect(titleOf(await answered(interaction))).toBe('demo.xyz')
    })

    test('from another host, or too large, is refused', async () => {
      const { discord, channel, ann } = await open({ settings: { MAX_UPLOAD_BYTES: 5 * 1024 ** 2 } })
      const elsewhere = { ...flac, url: 'https://evil.example/song.flac' }
      const first = discord.command(ann, channel, 'separate', {}, { file: elsewhere })
      expect(privately(await answered(first))).toMatch(/does not lie on the chat platform/)
      const large = { name: 'long.wav', bytes: Buffer.alloc(5 * 1024 ** 2 + 1) }
      const second = discord.command(ann, channel, 'separate', {}, { file: large })
      expect(privately(await answered(second))).toMatch(/at most 5 MiB/)
      const empty = discord.command(
        ann,
        channel,
        'separate',
        {},
        { file: { ...flac, bytes: Buffer.alloc(0) } },
      )
      expect(privately(await answered(empty))).toMatch(/is empty/)
    })
  })

  describe('typing', () => {
    const typing = (discord: Discord, text: string, { ann, channel } = at) =>
      answered(discord.autocomplete(ann, channel, 'separate', { song: text }, 'song'))

    test('is completed', async () => {
      const song = newSong()
      await answered(at.separate(song))
      const answer = await typing(at.discord, song.slice(7))
      expect(answer).toMatchObject({ type: 8, data: { choices: [{ name: song, value: song }] } })
    })

    test('a number is completed by numbers', async () => {
      const interaction = await at.separate()
      await interaction.answer
      const { number } = await requestOf(interaction)
      const answer = await answered(at.discord.autocomplete(at.ann, at.channel, 'cancel', {}, 'number'))
      expect(answer.data['choices']).toContainEqual(expect.objectContaining({ value: number }))
    })

    test('is answered by nothing when the database fails or hangs', async () => {
      const failing = await open({
        services: { db: dbWith({ query: (() => Promise.reject(new Error('no'))) as never }) },
      })
      expect(await typing(failing.discord, 'a', failing)).toMatchObject({ type: 8, data: { choices: [] } })
      const hanging = await open({
        services: { db: dbWith({ query: (() => new Promise(() => {})) as never }) },
      })
      expect(await typing(hanging.discord, 'a', hanging)).toMatchObject({ type: 8, data: { choices: [] } })
    })
  })

  describe('a button', () => {
    const shown = async (song?: string) => {
      const interaction = await at.separate(song)
      const { message } = await answered(Promise.resolve(interaction))
      if (!message) throw new Error('no message')
      const { id } = await requestOf(interaction)
      await messageIdOf(id)
      return { message, id, stateNow: async () => (await requestOf(interaction)).state }
    }
    /** The courier draws buttons anew; here there is none. */
    const drawButton = (message: { components: object[] }, custom_id: string) => {
      message.components = [
        { type: 1, id: 1, components: [{ type: 2, id: 2, style: 2, label: 'x', custom_id }] },
      ]
    }

    test('cancels and tries again for who asked', async () => {
      const { message, id, stateNow } = await shown()
      expect((await answered(at.discord.press(at.ann, message, `cancel:${id}`))).type).toBe(6)
      expect(await stateNow()).toBe('cancelled')
      const again = privately(await answered(at.discord.press(at.ann, message, `cancel:${id}`)))
      expect(again).toMatch(/ended already/)
      drawButton(message, `retry:${id}`)
      expect((await answered(at.discord.press(at.ann, message, `retry:${id}`))).type).toBe(6)
      expect(await stateNow()).toBe('working')
      expect(privately(await answered(at.discord.press(at.ann, message, `retry:${id}`)))).toMatch(
        /has not failed/,
      )
    })

    test('is for who asked and for moderators', async () => {
      const { message, id, stateNow } = await shown()
      const text = privately(await answered(at.discord.press(at.bob, message, `cancel:${id}`)))
      expect(text).toMatch(/Only the person who asked or a moderator/)
      expect(await stateNow()).toBe('working')
      expect((await answered(at.discord.press(at.moderator, message, `cancel:${id}`))).type).toBe(6)
      expect(await stateNow()).toBe('cancelled')
    })

    test('of anything else does nothing', async () => {
      const { id, stateNow } = await shown()
      const elsewhere = at.guild.channel()
      const { message } = await answered(at.separate(newSong(), at.ann, elsewhere))
      if (!message) throw new Error('no message')
      for (const custom_id of [
        `cancel:${id}`,
        'cancel:',
        'cancel:6f1c3a52-0d0e-4c7e-9b1e-0a9d7f7d1a11',
        `cancel:${id}' or 1=1 --`,
        `CANCEL:${id}`,
        `delete:${id}`,
        `cancel:${id}\n`,
        '__proto__',
      ]) {
        drawButton(message, custom_id)
        const text = privately(await answered(at.discord.press(at.moderator, message, custom_id)))
        expect(text).toMatch(/There is no such request here/)
      }
      expect(await stateNow()).toBe('working')
    })

    test('tries nothing again where the stems could not be posted', async () => {
      const { message, id, stateNow } = await shown()
      await answered(at.discord.press(at.ann, message, `cancel:${id}`))
      drawButton(message, `retry:${id}`)
      const pressed = at.discord.press(at.ann, message, `retry:${id}`, { appPermissions: MAY.VIEW_CHANNEL })
      expect(privately(await answered(pressed))).toContain('give me Attach Files,')
      expect(await stateNow()).toBe('cancelled')
    })

    test('works after a restart', async () => {
      const { discord, bot, serve, channel, ann, separate } = await open()
      const interaction = await separate()
      const { message } = await answered(Promise.resolve(interaction))
      const { id } = await requestOf(interaction)
      await bot.stop()
      expect(discord.gateway.sessions.count).toBe(0)
      serve()
      await until(() => discord.gateway.sessions.count === 1)
      if (!message) throw new Error('no message')
      expect(message.channelId).toBe(channel.id)
      expect((await answered(discord.press(ann, message, `cancel:${id}`))).type).toBe(6)
      expect((await requestOf(interaction)).state).toBe('cancelled')
    })
  })

  describe('when Discord does not take the answer', () => {
    const callback = /\/callback/
    const hasNoMessage = async (interaction: { id: string }) => {
      const request = await requestOf(interaction)
      expect(request.state).toBe('working')
      return (await findMessage(db, request.id))?.messageId === null
    }

    test.each([
      ['5xx, landed', { kind: 'status', status: 502, after: true }],
      ['5xx, not landed', { kind: 'status', status: 503 }],
      ['cut, landed', { kind: 'cut', after: true }],
      ['too late', { kind: 'refuse', status: 404, code: 10062, message: 'Unknown interaction' }],
      ['answered by another', { kind: 'refuse', status: 400, code: 40060, message: 'Already acknowledged' }],
      ['silence', { kind: 'hang', after: true }],
    ] as const)(
      '%s: it is tried once, the request stays, and the courier does the rest',
      async (_name, how) => {
        at.discord.fail({ route: callback, times: 1, how })
        const interaction = await at.separate()
        const request = await until(async () => (await requestsOf(interaction))[0])
        await until(() => at.lines.find((line) => line.includes(interaction.id)), 10)
        expect(await hasNoMessage(interaction)).toBe(true)
        expect(callbacks(at.discord, interaction)).toHaveLength(1)
        expect(request['state']).toBe('working')
      },
    )

    test('for its words, it goes without them', async () => {
      const { discord, separate } = await open()
      discord.block(/rude/i)
      const interaction = await separate('Rude Boys Rude Song')
      const answer = await answered(Promise.resolve(interaction))
      const { id, number } = await requestOf(interaction)
      expect(titleOf(answer)).toBe(`Song #${number}`)
      expect(JSON.stringify(answer.message?.embeds)).not.toMatch(/rude/i)
      const message = await until(async () => {
        const found = await findMessage(db, id)
        return found?.messageId ? found : undefined
      })
      expect(message).toMatchObject({ plain: true, messageId: answer.message?.id })
      expect(callbacks(discord, interaction)).toHaveLength(2)
    })
  })

  test('an answer that Discord takes without a word is one', async () => {
    const { discord, separate, lines } = await open()
    discord.fail({ route: /\/callback/, times: 1, how: { kind: 'status', status: 204, after: true } })
    const interaction = await separate()
    expect((await answered(Promise.resolve(interaction))).message).toBeDefined()
    expect((await requestOf(interaction)).state).toBe('working')
    // Everything else was answered when the next is.
    await answered(separate())
    expect(lines.filter((line) => line.includes(interaction.id))).toEqual([])
  })

  describe('when something goes wrong inside', () => {
    test('it is said privately, and logged', async () => {
      const { separate, lines } = await open({
        services: { db: dbWith({ transaction: () => Promise.reject(new Error('what is this')) }) },
      })
      const interaction = await separate()
      expect(privately(await answered(Promise.resolve(interaction)))).toMatch(
        /^Something went wrong on my side/,
      )
      expect(lines.some((line) => line.includes('what is this') && line.includes(interaction.id))).toBe(true)
    })

    test('a database that is away is waited for as long as the person waits', async () => {
      const refused = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      const { separate } = await open({
        services: {
          db: dbWith({
            transaction: (_work, limits) =>
              new Promise((resolve) => setTimeout(resolve, (limits?.patienceSeconds ?? 60) * 1000)).then(
                refused,
              ),
          }),
        },
      })
      expect(privately(await answered(separate()))).toMatch(/^My database is away/)
    })
  })

  describe('when the database hangs', () => {
    /** Nobody else reads or writes the table until the end. */
    const lock = async (table: string) => {
      const session = await db.session()
      world.onClose(() => session.end())
      await session.query(`begin; lock table ${table} in access exclusive mode`)
      return { release: () => session.end() }
    }
    const late = /^This takes longer than usual/

    test('the person is told in time, and the request is saved once, for the courier to show', async () => {
      const { release } = await lock('interactions')
      const interaction = await at.separate()
      expect(privately(await answered(Promise.resolve(interaction)))).toMatch(late)
      await release()
      const { id } = await until(async () => (await requestsOf(interaction))[0] && requestOf(interaction))
      // What would be another answer comes before that to the next command.
      await answered(at.separate())
      expect(callbacks(at.discord, interaction)).toHaveLength(1)
      expect(await findMessage(db, id)).toMatchObject({ state: 'open', messageId: null })
    })

    test('a text takes the place of what they were told', async () => {
      const { release } = await lock('requests')
      const interaction = await at.discord.command(at.ann, at.channel, 'history')
      const answer = await answered(Promise.resolve(interaction))
      expect(privately(answer)).toMatch(late)
      await release()
      await until(() => answer.message?.content.startsWith('**History**'))
      expect(answer.message?.ephemeral).toBe(true)
    })

    test('so does what cannot be done', async () => {
      const { separate } = await open({ settings: { MAX_OPEN_REQUESTS: 1 } })
      await answered(separate())
      const { release } = await lock('interactions')
      const interaction = await separate()
      const answer = await answered(Promise.resolve(interaction))
      expect(privately(answer)).toMatch(late)
      await release()
      await until(() => /under way/.test(answer.message?.content ?? ''))
      expect(await requestsOf(interaction)).toEqual([])
    })

    test('a button does what it says, and is answered once', async () => {
      const asked = await at.separate()
      const { message } = await answered(Promise.resolve(asked))
      const { id } = await requestOf(asked)
      if (!message) throw new Error('no message')
      const { release } = await lock('tracks')
      const pressed = await at.discord.press(at.ann, message, `cancel:${id}`)
      expect(privately(await answered(Promise.resolve(pressed)))).toMatch(late)
      await release()
      await until(async () => (await requestOf(asked)).state === 'cancelled')
      await answered(at.separate())
      expect(callbacks(at.discord, pressed)).toHaveLength(1)
    })

    test("what went wrong in one process leaves another's answer alone", async () => {
      const { discord, serve, separate, lines } = await open()
      const slow = Promise.withResolvers<never>()
      serve({ services: { db: dbWith({ transaction: () => slow.promise }) } })
      await until(() => discord.gateway.sessions.count === 2)
      const interaction = await separate()
      const { message } = await answered(Promise.resolve(interaction))
      await until(() => callbacks(discord, interaction).length === 2)
      slow.reject(new Error('what is this'))
      await until(() => lines.some((line) => line.includes('what is this')))
      await discord.command(discord.user(), interaction.channel, 'help').then(({ answer }) => answer)
      expect(message?.ephemeral).toBe(false)
      expect(message?.content).toBe('')
      expect(message?.edits).toEqual([])
    })
  })

  describe('the connection', () => {
    test('two processes on one token: one request and one message', async () => {
      const { discord, serve, channel, separate, lines } = await open()
      serve()
      await until(() => discord.gateway.sessions.count === 2)
      const asked = await Promise.all(Array.from({ length: 5 }, () => separate()))
      for (const interaction of asked) {
        const answer = await answered(Promise.resolve(interaction))
        const { id } = await requestOf(interaction)
        expect(await messageIdOf(id)).toBe(answer.message?.id)
      }
      expect(channel.messages).toHaveLength(5)
      expect(lines.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
    })

    test('two processes on one token: what changes something is done once', async () => {
      const { discord, serve, channel, ann, separate } = await open()
      serve()
      await until(() => discord.gateway.sessions.count === 2)
      const asked: Interaction[] = []
      for (const _ of [1, 2]) {
        const interaction = await separate()
        await answered(Promise.resolve(interaction))
        asked.push(interaction)
      }
      const cancelled = privately(await answered(discord.command(ann, channel, 'cancel')))
      expect(cancelled).toMatch(/Cancelled/)
      const states = await Promise.all(asked.map(async (one) => (await requestOf(one)).state))
      expect(states).toEqual(['working', 'cancelled'])
    })

    test('two processes on one token: a button does once what it says', async () => {
      const { discord, serve, ann, separate, lines } = await open()
      serve()
      await until(() => discord.gateway.sessions.count === 2)
      for (const _ of [1, 2, 3]) {
        const interaction = await separate()
        const { message } = await answered(Promise.resolve(interaction))
        const { id } = await requestOf(interaction)
        if (!message) throw new Error('no message')
        expect((await answered(discord.press(ann, message, `cancel:${id}`))).type).toBe(6)
        expect((await requestOf(interaction)).state).toBe('cancelled')
      }
      expect(lines.filter((line) => JSON.parse(line).level >= 40)).toEqual([])
    })

    test('broken, is resumed, and what was asked meanwhile is answered', async () => {
      const { discord, separate } = await open()
      discord.gateway.drop()
      await until(() => discord.gateway.sessions.count === 0)
      const meanwhile = await separate()
      expect((await answered(Promise.resolve(meanwhile))).type).toBe(4)
      expect(discord.gateway.sessions).toMatchObject({ resumes: 1, identifies: 1 })
      discord.gateway.reconnect()
      await until(() => discord.gateway.sessions.resumes === 2)
      expect((await answered(separate())).type).toBe(4)
    })

    test('whose session is invalid opens another', async () => {
      const { discord, separate } = await open()
      discord.gateway.invalidate(false)
      await until(() => discord.gateway.sessions.identifies === 2 && discord.gateway.sessions.count === 1)
      expect((await answered(separate())).type).toBe(4)
    })

    test('is not tried again with a wrong token, and the token is not logged', async () => {
      const { discord, serve, lines } = await open()
      const token = 'MTIz.wrong.secret-of-mine'
      const bot = serve({ token })
      const line = await until(() => lines.find((one) => one.includes('DISCORD_TOKEN')))
      expect(line).toMatch(/"level":50.*chat_unauthorized.*copy it anew/)
      await bot.stop()
      expect(lines.join('')).not.toContain('secret-of-mine')
      expect(lines.join('')).not.toContain(discord.token)
      expect(discord.requests.filter(({ auth }) => auth === 'wrong')).toHaveLength(1)
    })

    test.each([
      [4004, /DISCORD_TOKEN/],
      [4014, /Discord does not allow what this bot wants to hear/],
    ])('closed with %i, is given up with a sentence', async (code, sentence) => {
      const { discord, lines } = await open()
      discord.gateway.close(code)
      await until(() => lines.some((line) => sentence.test(line)))
      expect(discord.gateway.sessions.identifies).toBe(1)
    })

    test('is opened once Discord is there', async () => {
      const discord = await startDiscord()
      world.onClose(() => discord.close())
      discord.fail({ route: '/gateway/bot', times: 1, how: { kind: 'status', status: 503 } })
      const { apiUrl, token, applicationId } = discord
      const bot = serveDiscord({ apiUrl, token, applicationId }, world.settings, world.services, world.log)
      world.onClose(() => bot.stop())
      await until(() => discord.gateway.sessions.count === 1)
    })

    test('of another application than the settings name is given up with a sentence', async () => {
      const discord = await startDiscord()
      world.onClose(() => discord.close())
      const lines: string[] = []
      const log = pino({}, { write: (line: string) => void lines.push(line) })
      const { apiUrl, token } = discord
      const access = { apiUrl, token, applicationId: '123456789012345678' }
      const bot = serveDiscord(access, world.settings, world.services, log)
      world.onClose(() => bot.stop())
      await until(() => lines.length > 0 && discord.gateway.sessions.count === 0)
      expect(lines).toEqual([expect.stringMatching(/"level":50.*DISCORD_APPLICATION_ID names another/)])
      expect(discord.registered()).toEqual([])
    })

    test('is closed after the last answer', async () => {
      const begun = Promise.withResolvers<void>()
      const stopped = Promise.withResolvers<void>()
      const { bot, discord, separate } = await open({
        services: {
          db: dbWith({
            async transaction(work) {
              begun.resolve()
              await stopped.promise
              return db.transaction(work)
            },
          }),
        },
      })
      const interaction = await separate()
      await begun.promise
      const stopping = bot.stop()
      const late = await separate()
      stopped.resolve()
      await stopping
      expect((await answered(Promise.resolve(interaction))).type).toBe(4)
      expect(discord.gateway.sessions.count).toBe(0)
      // Once the session is closed nothing is heard, for whoever hears it next.
      expect(callbacks(discord, late)).toEqual([])
    })

    test('that is being opened again when the bot stops stays closed', async () => {
      const { bot, discord, lines } = await open()
      discord.gateway.refuse(true)
      discord.gateway.drop()
      await until(() => lines.some((line) => line.includes('is lost')))
      await bot.stop()
      discord.gateway.refuse(false)
      // Longer than discord.js waits between two attempts.
      await new Promise((resolve) => setTimeout(resolve, 1200))
      expect(discord.gateway.sessions).toMatchObject({ count: 0, resumes: 0, identifies: 1 })
    })
  })
})
