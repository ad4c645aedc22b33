// Many commands at once: each is saved, and then acknowledged within Slack's three seconds. Run alone, as that is measured.
import { describe, expect, test } from 'vitest'
import { createSlackBand } from '../../support/slack-band.ts'
import { until } from '../../support/until.ts'

describe.each(['http', 'socket'] as const)('the bot on Slack, by %s', async (transport) => {
  const { slack, workspace, channel, world, botProcess } = await createSlackBand({ transport, pace: 'real' })
  await botProcess()

  test.each([30, 100])('acknowledges %i commands at once in time, each after it is saved', async (count) => {
    const people = Array.from({ length: count }, () => workspace.user())
    const asked = await Promise.all(
      people.map((person) => slack.command(person, channel, `A Song for ${person.id}`)),
    )
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    // Without a word: their cards follow.
    expect(answers.filter(({ status, text }) => status === 200 && !/longer/.test(text))).toHaveLength(count)
    const saved = await world.rows('select 1 from requests where person = any($1)', [
      people.map(({ id }) => id),
    ])
    expect(saved).toHaveLength(count)
  })

  test('200 commands at once are all saved, those too that are acknowledged late', {
    timeout: 150_000,
  }, async () => {
    const people = Array.from({ length: 200 }, () => workspace.user())
    await Promise.all(people.map((person) => slack.command(person, channel, `A Song for ${person.id}`)))
    const saved = () =>
      world.rows('select 1 from requests where person = any($1)', [people.map(({ id }) => id)])
    await until(async () => (await saved()).length >= people.length, 120)
    expect(await saved()).toHaveLength(people.length)
  })
})
