// kill -9 of the bot at every step of its answer and of a job's way: in the end there is one message, one copy of each stem, and one mention.
import type { ChildProcess } from 'node:child_process'
import { describe, test } from 'vitest'
import type { Recorded } from '../../support/discord/server.ts'
import { createDiscordKills } from '../../support/discord-kills.ts'
import { killChild } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

const isAnswer = ({ route }: Recorded) => /callback/.test(route)

describe('the bot, killed', async () => {
  const band = await createDiscordKills()
  const { discord, world } = band
  let bot: ChildProcess = await band.botProcess()

  test.each<[string, true | undefined]>([
    ['before its answer arrives', undefined],
    ['when its answer has arrived and it does not know it yet', true],
  ])('%s', async (_name, after) => {
    const channel = band.channel()
    await world.script({})
    const worker = await world.workerProcess()
    const before = discord.requests.length
    discord.fail({ route: /callback/, times: 1, how: { kind: 'hang', ...(after ? { after } : {}) } })
    await band.separate({}, { channel })
    await until(() => discord.requests.slice(before).some(isAnswer))
    await killChild(bot)
    bot = await band.botProcess()
    await band.isServed(channel)
    await killChild(worker)
  })

  test.each(['download', 'analysis', 'processing'])(
    'when %s is done: the worker shows the rest',
    async (stage) => {
      const channel = band.channel()
      await world.script({
        analyze: [{ do: 'succeed', seconds: 1 }],
        separate: [{ do: 'succeed', seconds: 2 }],
      })
      const worker = await world.workerProcess()
      await band.shown(await band.separate({}, { channel }))
      await band.stageIsDone(channel, stage)
      await killChild(bot)
      await band.isServed(channel)
      bot = await band.botProcess()
      await killChild(worker)
    },
  )

  test('and a courier that is frozen gives way to another, which shows the end', async () => {
    const channel = band.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 2 }] })
    const message = await band.shown(await band.separate({}, { channel }))
    // Only the bot has a courier yet, and with it the role.
    bot.kill('SIGSTOP')
    const worker = await world.workerProcess()
    await band.isServed(channel)
    await band.delivered(message)
    bot.kill('SIGCONT')
    await killChild(worker)
  })

  test('nothing is lost or doubled', () => band.allAreWhole(6))
})
