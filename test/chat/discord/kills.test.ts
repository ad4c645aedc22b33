// kill -9 of the bot or of the worker at every boundary of a job's way and in the middle of the upload: in the end there is one message,
// one copy of each stem, and one mention.
import type { ChildProcess } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { cardsIn, createBand, stemsOf } from '../../support/band.ts'
import type { Channel, Recorded } from '../../support/discord/server.ts'
import { killChild as kill } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

const FILES = [...['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`), 'waveform.png']
const isUpload = ({ method, files }: Recorded) => method === 'PATCH' && (files ?? []).length > 0
const isMention = ({ method, body }: Recorded) =>
  method === 'POST' && JSON.stringify(body ?? '').includes('message_reference')
const isAnswer = ({ route }: Recorded) => /callback/.test(route)

describe('killed, and nothing is lost or doubled', async () => {
  const band = await createBand('real')
  const { discord, world, guild } = band
  let bot: ChildProcess = await band.botProcess()

  const served: Channel[] = []
  const complete = (channel: Channel) =>
    cardsIn(channel).find((one) => one.attachments.length === FILES.length)

  /** The files and the mention are there. Last cards come at the pace of edits: they are looked at in the end, for all. */
  async function isServed(channel: Channel) {
    await until(() => complete(channel) && band.mentions(channel).length > 0, 40)
    await until(async () => {
      const rows = await world.rows(`select 1 from requests where channel = $1 and state = 'delivered'`, [
        channel.id,
      ])
      return rows.length > 0
    })
    served.push(channel)
  }
  /** The request came in; its answer, or what a test makes of it, is the server's affair. */
  const asked = async (channel: Channel, before: number) =>
    until(() => discord.requests.slice(before).some(isAnswer) && channel)

  describe('the worker', () => {
    const slow = [{ do: 'succeed', seconds: 1 }]

    test.each(['download', 'analysis', 'processing', 'delivery'])(
      'when %s has just been handed off',
      async (stage) => {
        const channel = guild.channel()
        await world.script({ download: slow, analyze: slow, separate: slow, encode: slow })
        const victim = await world.workerProcess()
        await band.shown(await band.separate({}, { channel }))
        await band.stageIsDone(channel, stage)
        await kill(victim)
        const heir = await world.workerProcess()
        await isServed(channel)
        await kill(heir)
      },
    )

    test.each<[string, (request: Recorded) => boolean, true | undefined]>([
      ['the upload is under way', isUpload, undefined],
      ['the upload has arrived and its answer has not', isUpload, true],
      ['the mention is under way', isMention, undefined],
      ['the mention has arrived and its answer has not', isMention, true],
    ])('while %s', async (_name, when, after) => {
      const channel = guild.channel()
      await world.script({})
      const victim = await world.workerProcess()
      const before = discord.requests.length
      const fault = discord.fail({
        route: /messages/,
        times: 1,
        when,
        how: { kind: 'hang', ...(after ? { after } : {}) },
      })
      await band.shown(await band.separate({}, { channel }))
      await until(() => discord.requests.slice(before).some(when), 30)
      await kill(victim)
      fault.remove()
      const heir = await world.workerProcess()
      await isServed(channel)
      await kill(heir)
    })

    test('with a connection that is cut in the middle of the files', async () => {
      const channel = guild.channel()
      await world.script({ encode: [{ do: 'succeed', bytes: 5 }] })
      const worker = await world.workerProcess()
      discord.fail({ method: 'PATCH', route: /messages/, times: 1, how: { kind: 'cut', atByte: 600 } })
      await band.shown(await band.separate({}, { channel }))
      await isServed(channel)
      await kill(worker)
    })
  })

  describe('the bot', () => {
    test.each<[string, true | undefined]>([
      ['before its answer arrives', undefined],
      ['when its answer has arrived and it does not know it yet', true],
    ])('%s', async (_name, after) => {
      const channel = guild.channel()
      await world.script({})
      const worker = await world.workerProcess()
      const before = discord.requests.length
      discord.fail({ route: /callback/, times: 1, how: { kind: 'hang', ...(after ? { after } : {}) } })
      await band.separate({}, { channel })
      await asked(channel, before)
      await kill(bot)
      bot = await band.botProcess()
      await isServed(channel)
      await kill(worker)
    })

    test.each(['download', 'analysis', 'processing'])(
      'when %s is done: the worker shows the rest',
      async (stage) => {
        const channel = guild.channel()
        await world.script({
          analyze: [{ do: 'succeed', seconds: 1 }],
          separate: [{ do: 'succeed', seconds: 2 }],
        })
        const worker = await world.workerProcess()
        await band.shown(await band.separate({}, { channel }))
        await band.stageIsDone(channel, stage)
        await kill(bot)
        await isServed(channel)
        bot = await band.botProcess()
        await kill(worker)
      },
    )
  })

  test('and a courier that is frozen gives way to another, which shows the end', async () => {
    const channel = guild.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 2 }] })
    const message = await band.shown(await band.separate({}, { channel }))
    // Only the bot has a courier yet, and with it the role.
    bot.kill('SIGSTOP')
    const worker = await world.workerProcess()
    await isServed(channel)
    await band.delivered(message)
    bot.kill('SIGCONT')
    await kill(worker)
  })

  test('in the end every channel has one message that says so, each stem once, and one mention', async () => {
    expect(served).toHaveLength(15)
    for (const channel of served) {
      const message = await until(() => complete(channel))
      await band.delivered(message)
      expect(cardsIn(channel)).toEqual([message])
      expect(stemsOf(message).sort()).toEqual(FILES)
      for (const attachment of message.attachments)
        expect(discord.bytesOf(attachment).toString()).toBe('audio')
      expect(band.mentions(channel)).toHaveLength(1)
    }
    const twice = await world.rows(
      `select owner from job_events where kind = 'stop' group by owner, queue having count(*) > 1`,
    )
    expect(twice).toEqual([])
  })
})
