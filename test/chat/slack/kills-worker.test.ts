// kill -9 of the worker at every boundary of a job's way and in every step of the upload: in the end there is one card, one message with
// the stems, and one mention.
import { describe, expect, test } from 'vitest'
import { killChild } from '../../support/processes.ts'
import { createSlackKills } from '../../support/slack-kills.ts'
import { until } from '../../support/until.ts'

describe('the worker, killed', async () => {
  const band = await createSlackKills()
  const { slack, world } = band
  await band.botProcess()
  const slow = [{ do: 'succeed', seconds: 1 }]

  test.each(['download', 'analysis', 'processing', 'delivery'])(
    'when %s has just been handed off',
    async (stage) => {
      const channel = band.channel()
      await world.script({ download: slow, analyze: slow, separate: slow, encode: slow })
      const victim = await world.workerProcess()
      await band.asked(channel)
      await band.stageIsDone(channel, stage)
      await killChild(victim)
      const heir = await world.workerProcess()
      await band.isServed(channel)
      await killChild(heir)
    },
  )

  test.each<[string, string, true | undefined]>([
    ['a file is being sent', 'upload', undefined],
    ['a file has arrived and the answer has not', 'upload', true],
    ['the files are about to be shared', 'files.completeUploadExternal', undefined],
    ['the files are shared and the answer has not arrived', 'files.completeUploadExternal', true],
    ['it looks whether the files are shown', 'files.info', undefined],
  ])('while %s', async (_name, route, after) => {
    const channel = band.channel()
    await world.script({})
    const victim = await world.workerProcess()
    const before = slack.requests.length
    const fault = slack.fail({ route, times: 1, how: { kind: 'hang', ...(after ? { after } : {}) } })
    await band.asked(channel)
    await until(() => slack.requests.slice(before).some(({ method }) => method === route), 30)
    await killChild(victim)
    fault.remove()
    const heir = await world.workerProcess()
    await band.isServed(channel)
    await killChild(heir)
  })

  test('with a connection that is cut in the middle of a file', async () => {
    const channel = band.channel()
    await world.script({})
    const worker = await world.workerProcess()
    slack.fail({ route: 'upload', times: 1, how: { kind: 'cut', atByte: 2 } })
    await band.asked(channel)
    await band.isServed(channel)
    await killChild(worker)
  })

  test('nothing is lost or doubled', async () => {
    await band.allAreWhole(10)
    expect(slack.rateLimited).toEqual([])
  })
})
