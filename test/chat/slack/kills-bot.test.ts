// kill -9 of the bot at every step of a card's way: in the end there is one card, one message with the stems, and one mention. Another
// bot beside it hears what it cannot.
import type { ChildProcess } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { killChild } from '../../support/processes.ts'
import { createSlackKills } from '../../support/slack-kills.ts'
import { until } from '../../support/until.ts'

describe('the bot, killed', async () => {
  const band = await createSlackKills()
  const { slack, world } = band
  let bot: ChildProcess = await band.botProcess()

  test.each<[string, string, { after?: true; seconds?: number }]>([
    ['while it posts the card, which comes all the same', 'chat.postMessage', { seconds: 3 }],
    ['when the card is there and it does not know it yet', 'chat.postMessage', { after: true }],
    ['while it edits the card', 'chat.update', {}],
    ['when the edit has arrived and it does not know it yet', 'chat.update', { after: true }],
  ])('%s', async (_name, route, effect) => {
    const channel = band.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 2 }] })
    // Only the bot has a courier yet, and with it the role.
    const before = slack.requests.length
    slack.fail({ route, times: 1, how: { kind: 'hang', ...effect } })
    await band.asked(channel)
    const worker = route === 'chat.update' ? await world.workerProcess() : undefined
    await until(() => slack.requests.slice(before).some(({ method }) => method === route))
    await killChild(bot)
    bot = await band.botProcess()
    const heir = worker ?? (await world.workerProcess())
    await band.isServed(channel)
    await killChild(heir)
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
      await band.asked(channel)
      await band.stageIsDone(channel, stage)
      await killChild(bot)
      await band.isServed(channel)
      bot = await band.botProcess()
      await killChild(worker)
    },
  )

  test('before it has saved a command, which Slack then delivers again', async () => {
    const channel = band.channel()
    await world.script({})
    const worker = await world.workerProcess()
    const lock = await world.services.db.session()
    await lock.query('begin; lock table interactions in access exclusive mode')
    // By then the next bot is there, also on a busy machine.
    const asked = await band.separate('', { channel, deliver: 2, apartSeconds: 12 })
    await killChild(bot)
    await lock.end()
    bot = await band.botProcess()
    await Promise.all(asked.deliveries)
    await band.isServed(channel)
    await killChild(worker)
  })

  test('one of two: the other hears everything, also while one is deaf', async () => {
    await world.script({})
    const other = await band.botProcess()
    await slack.sockets.waitFor(2)
    const worker = await world.workerProcess()
    const channels = Array.from({ length: 6 }, () => band.channel())
    for (const [index, channel] of channels.entries()) {
      if (index === 2) bot.kill('SIGSTOP')
      if (index === 2) slack.sockets.close('refresh_requested')
      if (index === 4) bot.kill('SIGCONT')
      await slack.sockets.waitFor(1)
      await band.asked(channel)
    }
    for (const channel of channels) await band.isServed(channel)
    await killChild(other)
    await killChild(worker)
  })

  test('and a courier that is frozen gives way to another, which shows the end', async () => {
    const channel = band.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 2 }] })
    await band.asked(channel)
    const card = await band.card(channel)
    bot.kill('SIGSTOP')
    const worker = await world.workerProcess()
    await band.isServed(channel)
    await band.delivered(card)
    bot.kill('SIGCONT')
    await killChild(worker)
  })

  test('nothing is lost or doubled', async () => {
    await band.allAreWhole(15)
    expect(slack.rateLimited).toEqual([])
  })
})
