// A whole /separate on Discord: real gateway client, real REST, real queue; the tools follow a script.
import { describe, expect, test } from 'vitest'
import { openAddress } from '../../../src/web/results/opened.ts'
import type { Message } from '../../support/discord/server.ts'
import { cardsIn, createDiscordBand, stemsOf, textOf } from '../../support/discord-band.ts'
import { until } from '../../support/until.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`)
const FILES = [...STEMS, 'waveform.png']
const MiB = 1024 ** 2

describe('/separate on Discord', async () => {
  const band = await createDiscordBand()
  const { discord, world, guild } = band
  await world.script({})
  await band.start()

  test('the stems come onto the original message, each once, and one reply mentions the person', async () => {
    const interaction = await band.separate()
    const message = await band.shown(interaction)
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    for (const attachment of message.attachments) expect(discord.bytesOf(attachment).toString()).toBe('audio')
    const vocals = message.attachments.find(({ filename }) => filename.includes('vocals'))
    expect(vocals).toMatchObject({ description: 'Band - Song (vocals)' })
    expect(textOf(message)).toMatch(/Song\nBand\n0:30 · 120 BPM · A minor · starter/)
    expect(textOf(message)).toContain(`<@${band.ann.id}>`)
    expect(message.components).toEqual([])
    const [mention, ...more] = band.mentions()
    expect(more).toEqual([])
    expect(mention).toMatchObject({
      mentionsNotified: [band.ann.id],
      message_reference: expect.objectContaining({ message_id: message.id }),
    })
    expect(cardsIn(band.channel)).toEqual([message])
    await until(async () => (await world.rows(`select 1 from messages where state <> 'closed'`)).length === 0)
    // Nobody could open a page.
    expect(await world.rows(`select 1 from encodings where format = 'player'`)).toEqual([])
  })

  test('in a thread, in a direct message, and for fewer stems as wav', async () => {
    const thread = guild.thread(guild.channel())
    for (const channel of [thread, discord.dm(band.ann)]) {
      const message = await band.shown(await band.separate({ format: 'wav', stems: 'vocals' }, { channel }))
      await band.delivered(message)
      expect(stemsOf(message)).toEqual(['Band-Song-vocals.wav', 'waveform.png'])
      expect(band.mentions(channel)).toHaveLength(1)
    }
  })

  test('after the interaction has died in the middle, the bot itself goes on, with edits and with the files', async () => {
    await world.script({ separate: [{ do: 'succeed', seconds: 4 }] })
    const message = await band.shown(await band.separate())
    await band.says(message, /Separation .*[1-9]%/)
    discord.clock.advance(3600)
    const before = message.edits.length
    await until(() => message.edits.slice(before).some(({ route }) => route === 'bot'))
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(message.edits.filter(({ files }) => files.length > 0).every(({ route }) => route === 'bot')).toBe(
      true,
    )
  })

  test('a message that a person deletes is left alone, and the stems come in a new one', async () => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 3 }] })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.says(message, /Separation .*[1-9]%/)
    channel.delete(message)
    const again = await until(() => cardsIn(channel).find((one) => one.attachments.length > 0), 40)
    await band.delivered(again)
    expect(stemsOf(again).sort()).toEqual(FILES)
    expect(cardsIn(channel)).toEqual([again])
    expect(band.mentions(channel)).toHaveLength(1)
    await world.script({})
  })

  test('a title that AutoMod refuses is left out, and everything else arrives', async () => {
    const channel = guild.channel()
    discord.block(/offensive/i)
    const message = await band.shown(await band.separate({}, { channel, name: 'Offensive - Offensive.flac' }))
    await band.delivered(message)
    expect(textOf(message)).toMatch(/Song #\d+/)
    expect(message.attachments).toHaveLength(5)
    expect(band.mentions(channel)).toHaveLength(1)
  })

  test('a thread that fell asleep is woken for the end', async () => {
    const thread = guild.thread(guild.channel())
    await world.script({ separate: [{ do: 'succeed', seconds: 3 }] })
    const message = await band.shown(await band.separate({}, { channel: thread }))
    await band.says(message, /Separation .*[1-9]%/)
    thread.archived = true
    discord.clock.advance(16 * 60)
    await band.delivered(message)
    expect(thread.archived).toBe(false)
    expect(message.attachments).toHaveLength(5)
    await world.script({})
  })

  test('where the bot is thrown out in the middle, the person is told, and Retry delivers without working again', async () => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 4 }] })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.says(message, /Separation .*[1-9]%/)
    channel.permissions = 0n
    discord.clock.advance(16 * 60)
    const told = () => discord.dm(band.ann).messages.find(({ content }) => /may not post/.test(content))
    await until(told, 40)
    expect(await world.rows(`select error_code from requests order by number desc limit 1`)).toEqual([
      { error_code: 'chat_forbidden' },
    ])
    channel.permissions = guild.permissions
    const before = (await world.calls()).length
    const retry = await discord.command(band.ann, channel, 'retry', {})
    await retry.answer
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect((await world.calls()).slice(before).filter((tool) => tool !== 'encode')).toEqual([])
    await world.script({})
  })

  test('files that Discord said it takes and then refuses are made smaller', async () => {
    const channel = guild.channel()
    await world.script({
      encode: [
        { do: 'succeed', bytes: 12 * MiB },
        { do: 'succeed', bytes: 9 * MiB },
      ],
    })
    const message = await band.shown(await band.separate({}, { channel, sizeLimitBytes: 500 * MiB }))
    // What Discord promised holds for nobody.
    discord.fail({
      method: 'PATCH',
      route: /messages/,
      times: 1,
      when: ({ files }) => (files ?? []).some(({ size }) => size > 10 * MiB),
      how: { kind: 'refuse', status: 413, code: 40005, message: 'Request entity too large' },
    })
    await band.delivered(message, 60)
    expect(stemsOf(message).sort()).toEqual(FILES)
    const uploads = message.edits.filter(({ files }) => files.length > 0)
    // Four times 9 MiB do not go into one request of 25 MiB.
    expect(uploads.length).toBeGreaterThanOrEqual(2)
    await world.script({})
  })

  test('a Discord that is down when the stems are ready gets them once it is back, each once', async () => {
    const channel = guild.channel()
    const message = await band.shown(await band.separate({}, { channel }))
    const down = discord.fail({ method: 'PATCH', route: /messages/, how: { kind: 'status', status: 503 } })
    await until(
      async () => (await world.rows(`select 1 from job_events where kind = 'postponed'`)).length > 0,
      40,
    )
    down.remove()
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(band.mentions(channel)).toHaveLength(1)
    const exceptions = await world.rows(
      `select 1 from job_events where kind = 'exception' and error_code like 'chat_%' and error_code <> 'chat_forbidden'`,
    )
    expect(exceptions).toEqual([])
  })

  test('a failure is a sentence with Retry; pressed, the same message goes on to the stems', async () => {
    const channel = guild.channel()
    await world.script({
      download: [{ do: 'error', code: 'not_audio', retryable: false, message: 'That is not audio.' }],
    })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.says(message, /That is not audio\./)
    await world.script({})
    const stranger = discord.user({ name: 'eve', permissions: 0n })
    const refused = await discord.press(stranger, message, buttonOf(message, 'retry'))
    expect((await refused.answer)?.data).toMatchObject({
      flags: expect.any(Number),
      content: /Only the person/,
    })
    await discord.press(band.ann, message, buttonOf(message, 'retry'))
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(cardsIn(channel)).toEqual([message])
  })

  test('Cancel ends it on the card, and its work', async () => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.says(message, /Separation .*[1-9]%/)
    await discord.press(band.ann, message, buttonOf(message, 'cancel'))
    await band.says(message, /Cancelled/)
    await until(async () => (await world.rows(`select 1 from stages where state = 'running'`)).length === 0)
    expect(message.attachments).toEqual([])
    await world.script({})
  })

  test('the same song in another format is another request, with a mention of its own', async () => {
    const channel = guild.channel()
    for (const format of ['mp3', 'wav'])
      await band.delivered(await band.shown(await band.separate({ format }, { channel })))
    expect(cardsIn(channel)).toHaveLength(2)
    expect(band.mentions(channel).map(({ message_reference }) => message_reference?.message_id)).toEqual(
      cardsIn(channel).map(({ id }) => id),
    )
  })

  test.each<[string, boolean]>([
    ['the courier', false],
    ['delivery', true],
  ])('a pause that Discord asks %s for is kept by both', async (_name, withFiles) => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 1 }] })
    const before = discord.rateLimited.length
    discord.fail({
      method: 'PATCH',
      route: /messages/,
      times: 1,
      when: ({ files }) => (files ?? []).length > 0 === withFiles,
      how: { kind: 'rateLimit', retryAfterSeconds: 3 },
    })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    const limited = discord.rateLimited.slice(before)
    expect(limited.map(({ repeatedTooSoon }) => repeatedTooSoon)).toEqual([false])
    await world.script({})
  })

  test('an upload that is never answered is repeated, once it must have failed', {
    timeout: 90_000,
  }, async () => {
    const channel = guild.channel()
    discord.fail({
      method: 'PATCH',
      route: /messages/,
      times: 1,
      when: ({ files }) => (files ?? []).length > 0,
      how: { kind: 'hang', after: true },
    })
    const message = await band.shown(await band.separate({}, { channel }))
    await band.delivered(message, 60)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(band.mentions(channel)).toHaveLength(1)
  })

  test('a mention that is refused leaves the stems delivered, and the person is told in private', async () => {
    const channel = guild.channel()
    const bob = discord.user({ name: 'bob' })
    discord.fail({
      method: 'POST',
      route: `/channels/${channel.id}/messages`,
      how: { kind: 'refuse', status: 403, code: 50013, message: 'Missing Permissions' },
    })
    const message = await band.shown(await band.separate({}, { channel, user: bob }))
    discord.clock.advance(16 * 60)
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(discord.dm(bob).messages.map(({ content }) => content)).toEqual([
      expect.stringMatching(/stems of request .* are ready/),
    ])
  })

  test('a request that is cancelled where nothing can be shown any more ends without a word', async () => {
    const channel = guild.channel()
    const eve = discord.user({ name: 'eve' })
    await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })
    const message = await band.shown(await band.separate({}, { channel, user: eve }))
    await band.says(message, /Separation .*[1-9]%/)
    channel.permissions = 0n
    discord.clock.advance(16 * 60)
    await discord.press(eve, message, buttonOf(message, 'cancel'))
    await until(async () => (await world.rows(`select 1 from messages where state <> 'closed'`)).length === 0)
    expect(discord.dm(eve).messages).toEqual([])
    await world.script({})
  })

  test('a command while the database hangs is answered in time, and its card follows, once', async () => {
    const channel = guild.channel()
    const lock = await world.services.db.session()
    await lock.query('begin; lock table interactions in access exclusive mode')
    const answer = await (await band.separate({}, { channel })).answer
    expect(answer).toMatchObject({
      type: 4,
      data: { content: expect.stringMatching(/takes longer than usual/), flags: 68 },
    })
    expect(cardsIn(channel)).toEqual([])
    await lock.end()
    const message = await until(() => cardsIn(channel)[0])
    await band.delivered(message)
    expect(cardsIn(channel)).toEqual([message])
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(band.mentions(channel)).toHaveLength(1)
  })

  test('a song whose finished message was deleted, asked for again, comes anew from what is kept', async () => {
    const channel = guild.channel()
    const ask = () => discord.command(band.ann, channel, 'separate', { song: 'Band Song' })
    const first = await band.shown(await ask())
    await band.delivered(first)
    channel.delete(first)
    const before = (await world.calls()).length
    const second = await band.shown(await ask())
    await band.delivered(second)
    expect(stemsOf(second).sort()).toEqual(FILES)
    expect((await world.calls()).length).toBe(before)
    const again = await (await ask()).answer
    expect(again?.data['content']).toMatch(/shows how it stands/)
  })
})

describe('where people reach the web server', async () => {
  const band = await createDiscordBand('quick', { PUBLIC_URL: 'https://stems.example/band' })
  const { world } = band
  await band.start()
  /** What the link of a card leads to. */
  const opened = async (message: Message) => {
    const [, link = '', id = '', signed = ''] =
      /\[Play and mix the stems\]\((https:\/\/stems\.example\/band\/results\/(.+)\/(.+)\/)\)/.exec(
        textOf(message),
      ) ?? []
    expect(link).not.toBe('')
    return openAddress(world.services.db, id, signed, new Date())
  }

  test('the card links to the page, beside the files', async () => {
    await world.script({})
    const message = await band.shown(await band.separate())
    await band.delivered(message)
    expect(stemsOf(message).sort()).toEqual(FILES)
    expect(await opened(message)).toMatchObject({ delivered: { stems: Array(4).fill(expect.anything()) } })
    const played = await world.rows(`select stem from encodings where format = 'player' order by stem`)
    expect(played.map(({ stem }) => stem)).toEqual(['bass', 'drums', 'other', 'vocals'])
  })

  test('files that are too large for any message are on the page', async () => {
    await world.script({ encode: [{ do: 'succeed', bytes: 12 * MiB }] })
    const message = await band.shown(await band.separate({ format: 'wav' }))
    await band.delivered(message)
    expect(stemsOf(message)).toEqual(['waveform.png'])
    expect(textOf(message)).toMatch(/too long to be attached/)
    expect(await opened(message)).toMatchObject({
      delivered: { format: 'wav', stems: Array(4).fill(expect.objectContaining({ bytes: 12 * MiB })) },
    })
  })
})

describe('at its real pace', async () => {
  const band = await createDiscordBand('real')
  const { discord, world, guild } = band
  await band.start()

  test('five at once in one channel: no message is edited within 5 s of the last time, and nobody says 429', async () => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 5 }] })
    const asked = await Promise.all(Array.from({ length: 5 }, () => band.separate({}, { channel })))
    const messages = await Promise.all(asked.map((one) => band.shown(one)))
    for (const message of messages) await band.delivered(message, 60)
    // Whoever makes it: delivery attaches the files, the courier writes the text.
    for (const { edits } of messages) {
      for (const [index, { atMs }] of edits.slice(1).entries())
        expect(atMs - (edits[index]?.atMs ?? 0)).toBeGreaterThan(4900)
    }
    expect(discord.rateLimited).toEqual([])
    await world.script({})
  })
})

function buttonOf(message: { components: unknown }, action: string): string {
  const [, id] = new RegExp(`"custom_id":"(${action}:[^"]+)"`).exec(JSON.stringify(message.components)) ?? []
  if (!id) throw new Error(`no ${action} button: ${JSON.stringify(message.components)}`)
  return id
}
