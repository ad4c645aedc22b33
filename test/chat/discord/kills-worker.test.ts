// kill -9 of the worker at every boundary of a job's way and in the middle of the upload: in the end there is one message, one copy of
// each stem, and one mention.
import { describe, expect, test } from 'vitest'
import type { Recorded } from '../../support/discord/server.ts'
import { createDiscordKills } from '../../support/discord-kills.ts'
import { killChild } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

const isUpload = ({ method, files }: Recorded) => method === 'PATCH' && (files ?? []).length > 0
const isMention = ({ method, body }: Recorded) =>
  method === 'POST' && JSON.stringify(body ?? '').includes('message_reference')

describe('the worker, killed', async () => {
  const band = await createDiscordKills()
  const { discord, world } = band
  await band.botProcess()
  const slow = [{ do: 'succeed', seconds: 1 }]

  test.each(['download', 'analysis', 'processing', 'delivery'])(
    'when %s has just been handed off',
    async (stage) => {
      const channel = band.channel()
      await world.script({ download: slow, analyze: slow, separate: slow, encode: slow })
      const victim = await world.workerProcess()
      await band.shown(await band.separate({}, { channel }))
      await band.stageIsDone(channel, stage)
      await killChild(victim)
      const heir = await world.workerProcess()
      await band.isServed(channel)
      await killChild(heir)
    },
  )

  test.each<[string, (request: Recorded) => boolean, true | undefined]>([
    ['the upload is under way', isUpload, undefined],
    ['the upload has arrived and its answer has not', isUpload, true],
    ['the mention is under way', isMention, undefined],
    ['the mention has arrived and its answer has not', isMention, true],
  ])('while %s', async (_name, when, after) => {
    const channel = band.channel()
    await world.script({})
    const victim = await world.workerProcess()
    const before = discord.requests.length
    const how = { kind: 'hang' as const, ...(after ? { after } : {}) }
    const fault = discord.fail({ route: /messages/, times: 1, when, how })
    await band.shown(await band.separate({}, { channel }))
    await until(() => discord.requests.slice(before).some(when), 30)
    await killChild(victim)
    fault.remove()
    const heir = await world.workerProcess()
    await band.isServed(channel)
    await killChild(heir)
  })

  test('with a connection that is cut in the middle of the files', async () => {
    const channel = band.channel()
    await world.script({ encode: [{ do: 'succeed', bytes: 5 }] })
    const worker = await world.workerProcess()
    discord.fail({ method: 'PATCH', route: /messages/, times: 1, how: { kind: 'cut', atByte: 600 } })
    await band.shown(await band.separate({}, { channel }))
    await band.isServed(channel)
    await killChild(worker)
  })

  test('nothing is lost or doubled', async () => {
    await band.allAreWhole(9)
    expect(discord.rateLimited).toEqual([])
  })
})
