// Songs that have to be found first: choosing among recordings, the form for the wrong one, and whole lists.
import { describe, expect, test } from 'vitest'
import type { Recording, Resolved } from '../../../src/domain/recording.ts'
import { type Answer, type Interaction, MAY, type Message, type User } from '../../support/discord/server.ts'
import { cardsIn, createDiscordBand, stemsOf, textOf } from '../../support/discord-band.ts'
import { until } from '../../support/until.ts'
import type { Action } from '../../support/world.ts'

const EPHEMERAL = 1 << 6

describe('on Discord', async () => {
  const band = await createDiscordBand()
  const { discord, world, guild, ann } = band
  const bob = discord.user({ name: 'bob' })
  const moderator = discord.user({ permissions: MAY.MANAGE_MESSAGES })
  const bot = await band.start()
  let songs = 0

  const answered = async (asked: Promise<Interaction>): Promise<Answer> => {
    const answer = await (await asked).answer
    if (!answer) throw new Error('not answered within three seconds')
    return answer
  }
  const privately = (answer: Answer): string => {
    expect(answer.type).toBe(4)
    expect(Number(answer.data['flags']) & EPHEMERAL).toBe(EPHEMERAL)
    return String(answer.data['content'])
  }
  const recording = (id: string, more: Partial<Recording> = {}): Recording => ({
    link: `https://www.youtube.com/watch?v=${id}`,
    title: `Song ${id}`,
    channel: 'Band',
    durationSeconds: 213,
    confidence: 0.5,
    reason: null,
    ...more,
  })
  const resolves = (...found: Resolved[]) =>
    world.script({ resolve: found.map((one) => ({ do: 'succeed', found: one })) })
  const idOf = async (message: Message) => {
    const found = async () =>
      (await world.rows('select request_id from messages where message_id = $1', [message.id]))[0]
    return String((await until(found))['request_id'])
  }
  const componentsOf = (message: Message) =>
    (message.components as { components: Record<string, unknown>[] }[]).flatMap((row) => row.components)
  const stateOf = async (id: string) =>
    (await world.rows('select state from requests where id = $1', [id]))[0]?.['state']

  describe('what there is to choose among', () => {
    /** A message that asks which of two recordings it is. */
    const asking = async () => {
      const [first, second] = ['a', 'b'].map((letter) => `${letter}${String(songs++).padStart(10, '0')}`)
      if (!first || !second) throw new Error('no ids')
      const choices = [
        recording(first),
        recording(second, { title: 'Nasty](https://evil.example) @everyone', reason: 'live' }),
      ]
      await resolves({ found: 'choices', song: null, choices })
      const channel = guild.channel()
      const message = await band.shown(await band.separate({ song: `Band Song ${songs++}` }, { channel }))
      await band.says(message, /Which one is it\?/)
      const menu = `choose:${await idOf(message)}`
      const choose = (user: User, id = second) =>
        answered(discord.press(user, message, menu, { values: [`youtube:${id}`] }))
      return { message, channel, menu, choose, second }
    }

    test('is listed, offered, and what the person chooses is taken apart', async () => {
      const { message, channel, menu, choose, second } = await asking()
      expect(textOf(message)).toContain(
        `2. [Band - Nasty)(https\\://evil.example) \\@everyone](https://www.youtube.com/watch?v=${second}) · 3:33 · live`,
      )
      expect(componentsOf(message).map((one) => one['custom_id'])).toEqual([
        menu,
        menu.replace('choose', 'cancel'),
      ])
      expect((await choose(ann)).type).toBe(6)
      await band.delivered(message)
      expect(stemsOf(message)).toHaveLength(5)
      expect(textOf(message)).toMatch(
        /^Sound: \[Band - Nasty.*\]\(https:\/\/www\.youtube\.com\/watch\?v=\w+\)$/m,
      )
      expect(componentsOf(message).map((one) => one['label'])).toEqual(['Wrong song?'])
      expect(cardsIn(channel)).toEqual([message])
      expect(band.mentions(channel)).toHaveLength(1)
    })

    test('is for who asked and for moderators, once', async () => {
      const { message, choose } = await asking()
      expect(privately(await choose(bob))).toMatch(/Only the person who asked or a moderator/)
      expect(await stateOf(await idOf(message))).toBe('working')
      const kept = structuredClone(message.components)
      expect((await choose(moderator)).type).toBe(6)
      await band.delivered(message)
      // Of a client that has not seen it yet.
      message.components = kept
      expect(privately(await choose(ann))).toMatch(/nothing to choose any more/)
    })

    test('is chosen after a restart as before, and once by two bots', async () => {
      const { message, choose } = await asking()
      await bot.stop()
      await Promise.all([band.bot(), band.bot()])
      expect((await choose(ann)).type).toBe(6)
      await band.delivered(message)
      expect(stemsOf(message)).toHaveLength(5)
    })

    test('is not asked any more once it is cancelled', async () => {
      const { message, menu, choose } = await asking()
      const cancel = await answered(discord.press(ann, message, menu.replace('choose', 'cancel')))
      expect(cancel.type).toBe(6)
      const kept = structuredClone(message.components)
      await until(() => !/Which one/.test(textOf(message)))
      expect(componentsOf(message).map((one) => one['label'])).toEqual(['Retry'])
      message.components = kept
      expect(privately(await choose(ann))).toMatch(/nothing to choose any more/)
    })

    test('of which AutoMod refuses the words is asked about without them', async () => {
      discord.block(/nasty/i)
      const { message, choose } = await asking()
      expect(JSON.stringify([message.embeds, message.components])).not.toMatch(/nasty/i)
      expect((await choose(ann)).type).toBe(6)
      await band.delivered(message)
    })
  })

  describe('a song that is wrong', () => {
    /** A delivered message whose recording was matched. */
    const matched = async () => {
      const id = `m${String(songs++).padStart(10, '0')}`
      await resolves({
        found: 'recording',
        song: null,
        recording: recording(id, { confidence: 0.934 }),
        others: [],
      })
      const channel = guild.channel()
      const message = await band.shown(await band.separate({ song: `Band Song ${songs++}` }, { channel }))
      await band.delivered(message)
      const button = `wrong:${await idOf(message)}`
      const press = (user: User, more = {}) => discord.press(user, message, button, more)
      return { message, channel, id, button, press }
    }
    const right = () => `https://youtu.be/r${String(songs++).padStart(10, '0')}`

    test('is asked for again by a link, with a card of its own', async () => {
      const { message, channel, id, button, press } = await matched()
      expect(textOf(message)).toContain(
        `Sound: [Band - Song ${id}](https://www.youtube.com/watch?v=${id}) · 93 % sure`,
      )
      const opener = await press(ann)
      const form = await answered(Promise.resolve(opener))
      expect(form).toMatchObject({ type: 9, data: { custom_id: button, title: 'Wrong song?' } })
      await expect(discord.submit(opener, { link: 'x'.repeat(2049) })).rejects.toThrow(/takes 1 to 2048/)
      const again = await band.shown(await discord.submit(opener, { link: right() }))
      expect(again.id).not.toBe(message.id)
      await band.delivered(again)
      expect(stemsOf(again)).toEqual(stemsOf(message))
      expect(componentsOf(again)).toEqual([])
      expect(cardsIn(channel)).toEqual([message, again])
      expect(band.mentions(channel)).toHaveLength(2)
    })

    test('is for who asked and for moderators to put right', async () => {
      const { press } = await matched()
      const [bobs, moderators] = [answered(press(bob)), await press(moderator)]
      expect(privately(await bobs)).toMatch(/Only the person who asked or a moderator/)
      // Whoever sends a form was asked by it; that does not make it theirs.
      const forged = discord.submit(Object.assign(Object.create(moderators), { user: bob }), {
        link: right(),
      })
      expect(privately(await answered(forged))).toMatch(/Only the person who asked or a moderator/)
      const again = await band.shown(await discord.submit(moderators, { link: right() }))
      await band.delivered(again)
    })

    test('is told privately what is no right song either', async () => {
      const { press } = await matched()
      const opener = await press(ann)
      const artist = discord.submit(opener, {
        link: 'https://open.spotify.com/artist/4uLU6hMCjMI75M1A2tKUQC',
      })
      expect(privately(await answered(artist))).toMatch(/^That is an artist/)
      const script = discord.submit(opener, { link: 'javascript:alert(1)' })
      expect(privately(await answered(script))).toMatch(/^Only http and https links/)
    })

    test('is left as it is where the stems could not be posted', async () => {
      const { message, channel, press } = await matched()
      const opener = await press(ann)
      const may = { appPermissions: MAY.VIEW_CHANNEL }
      const [{ number }] = await world.rows('select number::int from requests where id = $1', [
        await idOf(message),
      ])
      for (const asked of [
        press(ann, may),
        discord.submit(opener, { link: right() }, may),
        discord.command(ann, channel, 'wrong', { number, song: right() }, may),
      ])
        expect(privately(await answered(asked))).toContain('give me Attach Files,')
      const requests = await world.rows('select 1 from requests where channel = $1', [channel.id])
      expect(requests).toHaveLength(1)
    })

    test('whose form comes too late is said so in time, and asks for nothing', async () => {
      const { press } = await matched()
      const session = await world.services.db.session()
      await session.query('begin; lock table messages in access exclusive mode')
      const answer = await answered(press(ann))
      expect(privately(answer)).toMatch(/^This takes longer than usual/)
      await session.end()
      await until(() => answer.message?.content === 'That took too long: press the button again.')
      expect((await answered(press(ann))).type).toBe(9)
    })
  })

  describe('a list', () => {
    /** @param downloads of its songs, in turn */
    const list = async (downloads: Action[]) => {
      const listed = (title: string) => ({
        link: `https://www.youtube.com/watch?v=l${String(songs++).padStart(10, '0')}`,
        title,
        artist: 'Band',
        durationSeconds: 200,
        unavailable: null,
      })
      const local = {
        link: null,
        title: 'Demo',
        artist: null,
        durationSeconds: null,
        unavailable: 'a local file',
      }
      const found = {
        found: 'list' as const,
        title: 'Album [x](https://evil.example)',
        owner: 'Band',
        total: 3,
        songs: [listed('One @everyone'), listed('Two'), local],
      }
      const past = (await world.calls()).filter((tool) => tool === 'download')
      const download = [...past.map(() => ({ do: 'succeed' })), ...downloads]
      await world.script({ resolve: [{ do: 'succeed', found }], download })
      const channel = guild.channel()
      const song = `https://www.youtube.com/playlist?list=PL${String(songs++).padStart(10, '0')}`
      const message = await band.shown(await band.separate({ song }, { channel }))
      return { message, channel }
    }
    const linesOf = (message: Message) => textOf(message).match(/^[✗▸·–✓] .*$/gm) ?? []

    test('has a card that says how its songs stand, and each that is there a message of its own', async () => {
      const { message, channel } = await list([
        { do: 'error', code: 'region_blocked', retryable: false, message: 'It may not be heard *here*.' },
        { do: 'succeed' },
      ])
      await band.delivered(message)
      expect(textOf(message)).toMatch(/^Album \\\[x\\\]\(https\\:\/\/evil\.example\)\nBand\n/)
      expect(linesOf(message).toSorted()).toEqual([
        expect.stringMatching(/^✓ #\d+ Song$/),
        expect.stringMatching(/^✗ #\d+ (One \\@everyone|Two): It may not be heard \\\*here\\\*\.$/),
        '✗ Demo: It is a local file.',
      ])
      expect(textOf(message)).toContain('1 of 3 delivered, 2 failed')
      const [parent, child, ...more] = cardsIn(channel)
      expect([parent, more]).toEqual([message, []])
      if (!child) throw new Error('no message for the song')
      await band.delivered(child)
      expect(stemsOf(child)).toHaveLength(5)
      expect(message.attachments).toEqual([])
      const [mention, ...mentions] = band.mentions(channel)
      expect(mentions).toEqual([])
      expect(mention?.message_reference).toMatchObject({ message_id: message.id })
    })

    test('is cancelled as a whole', async () => {
      const { message, channel } = await list([{ do: 'succeed', seconds: 20 }])
      await band.says(message, /^▸ #\d+ .* · \d+%$/m)
      const cancel = `cancel:${await idOf(message)}`
      expect((await answered(discord.press(ann, message, cancel))).type).toBe(6)
      await band.says(message, /2 cancelled/)
      expect(linesOf(message)).toEqual([
        expect.stringMatching(/^– #\d+ One/),
        expect.stringMatching(/^– #\d+ Two/),
        '✗ Demo: It is a local file.',
      ])
      expect(cardsIn(channel)).toEqual([message])
    })
  })
})
