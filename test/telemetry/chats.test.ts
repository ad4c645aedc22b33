// What is told of the chat platforms: how fast people are answered, how fresh cards are, how often a platform asks for a pause.
import { describe, expect, test } from 'vitest'
import { startBot } from '../../src/bot.ts'
import { subscribe, type TelemetryEvents } from '../../src/telemetry/events.ts'
import { createDiscordBand } from '../support/discord-band.ts'
import { metricOf, readMetrics } from '../support/prometheus.ts'
import { enterRoom } from '../support/room-visitor.ts'
import { createSlackBand } from '../support/slack-band.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

/** What is told from now on. */
function listen(platform: string) {
  const acks: TelemetryEvents['platform:ack'][] = []
  const edits: TelemetryEvents['courier:edit'][] = []
  let limits = 0
  subscribe('platform:ack', (ack) => void (ack.platform === platform && acks.push(ack)))
  subscribe('courier:edit', (edit) => void (edit.platform === platform && edits.push(edit)))
  subscribe('platform:rate-limit', (limit) => {
    if (limit.platform === platform) limits++
  })
  return {
    acks,
    edits,
    limits: () => limits,
    outcomes: () => edits.map(({ outcome }) => outcome),
  }
}

/** Far more than a platform gives, as a busy machine may be late. */
const ACK_MS = 20_000

describe('Discord', async () => {
  const band = await createDiscordBand()
  const { world, discord, guild } = band
  await world.script({ separate: [{ do: 'succeed', seconds: 3 }] })
  const bot = await band.start()
  const heard = listen('discord')
  const count = (outcome: string) => heard.outcomes().filter((one) => one === outcome).length

  test('a command is acknowledged once, and its card is kept fresh', async () => {
    const message = await band.shown(await band.separate())
    await band.delivered(message)
    expect(heard.acks).toHaveLength(1)
    expect(heard.acks[0]?.ackMs).toBeGreaterThan(0)
    expect(heard.acks[0]?.ackMs).toBeLessThan(ACK_MS)
    await until(() => heard.edits.length >= message.edits.filter(({ files }) => files.length === 0).length)
    const lags = heard.edits.flatMap((edit) => ('lagMs' in edit ? [edit.lagMs] : []))
    expect(lags.length).toBe(count('edited') + count('posted'))
    for (const lagMs of lags) {
      expect(lagMs).toBeGreaterThanOrEqual(0)
      expect(lagMs).toBeLessThan(20_000)
    }
  })

  test('a pause that Discord asks for is counted, and is no failure', async () => {
    discord.fail({
      method: 'PATCH',
      route: /messages/,
      times: 1,
      when: ({ files }) => (files ?? []).length === 0,
      how: { kind: 'rateLimit', retryAfterSeconds: 2 },
    })
    await band.delivered(await band.shown(await band.separate({}, { channel: guild.channel() })))
    expect(heard.outcomes()).toContain('busy')
    expect(heard.outcomes()).not.toContain('failed')
    // Delivery may meet one too.
    expect(heard.limits()).toBeGreaterThanOrEqual(count('busy'))
  })

  test('an edit that fails is counted', async () => {
    const down = discord.fail({
      method: 'PATCH',
      route: /messages/,
      when: ({ files }) => (files ?? []).length === 0,
      how: { kind: 'status', status: 503 },
    })
    const message = await band.shown(await band.separate({}, { channel: guild.channel() }))
    await until(() => heard.outcomes().includes('failed'), 30)
    down.remove()
    await band.delivered(message)
  })

  test('all of it can be read from the bot', async () => {
    await until(async () => {
      const metrics = await readMetrics(bot.url)
      const shows = (value: number, name: string, more: Record<string, string> = {}) =>
        metricOf(metrics, `sound_forge_${name}`, { platform: 'discord', ...more }) === value
      return (
        shows(heard.acks.length, 'platform_ack_seconds_count') &&
        shows(heard.limits(), 'platform_rate_limits_total') &&
        shows(count('edited') + count('posted'), 'courier_lag_seconds_count') &&
        ['edited', 'posted', 'busy', 'failed'].every((outcome) =>
          shows(count(outcome), 'courier_edits_total', { outcome }),
        )
      )
    }, 30)
    expect((await fetch(`${bot.url}/readyz`)).status).toBe(200)
  })
})

describe.each(['http', 'socket'] as const)('Slack by %s', async (transport) => {
  const band = await createSlackBand({ transport })
  const { world, slack } = band
  await world.script({})
  await band.start()

  test('a command is acknowledged once, its card is posted, and a pause is counted', async () => {
    const heard = listen('slack')
    slack.fail({ route: 'chat.update', times: 1, how: { kind: 'rateLimit', retryAfterSeconds: 2 } })
    await band.separate()
    await band.delivered(await band.card())
    expect(heard.acks).toHaveLength(1)
    expect(heard.acks[0]?.ackMs).toBeGreaterThan(0)
    expect(heard.acks[0]?.ackMs).toBeLessThan(ACK_MS)
    await until(() => heard.outcomes().includes('edited') && heard.outcomes().includes('posted'))
    expect(heard.outcomes().filter((outcome) => outcome === 'posted')).toHaveLength(1)
    expect(heard.limits()).toBeGreaterThan(0)
  })
})

describe('the room', async () => {
  const world = await createWorld({ PORT: '0' })
  const bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  const ann = await enterRoom(bot.url, 'Ann')
  const heard = listen('room')

  test('what is said, asked for and refused is acknowledged', async () => {
    await ann.say('hello')
    await ann.say('/status')
    await ann.say('/nonsense')
    expect(heard.acks).toHaveLength(3)
    for (const { ackMs } of heard.acks) expect(ackMs).toBeLessThan(ACK_MS)
  })
})
