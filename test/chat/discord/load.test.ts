// Many commands at once: each is saved, and answered within Discord's three seconds; more than a slow machine answers in that time are
// saved all the same. Run alone, as that is measured.
import { describe, expect, test } from 'vitest'
import { createDiscordBand } from '../../support/discord-band.ts'
import { until } from '../../support/until.ts'

describe('the bot on Discord', async () => {
  const { discord, channel, world, botProcess } = await createDiscordBand('real')
  await botProcess()

  test.each([30, 100])('answers %i commands at once in time, each by a card', async (count) => {
    const before = channel.messages.length
    const people = Array.from({ length: count }, () => discord.user())
    const asked = await Promise.all(
      people.map((person) =>
        discord.command(person, channel, 'separate', { song: `A Song for ${person.id}` }),
      ),
    )
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    expect(answers.filter((answer) => answer?.type === 4 && !answer.message?.ephemeral)).toHaveLength(count)
    expect(channel.messages).toHaveLength(before + count)
    const saved = await world.rows('select 1 from requests where person = any($1)', [
      people.map(({ id }) => id),
    ])
    expect(saved).toHaveLength(count)
  })

  test('200 commands at once are all saved, those too that are answered late', {
    timeout: 150_000,
  }, async () => {
    const people = Array.from({ length: 200 }, () => discord.user())
    await Promise.all(
      people.map((person) =>
        discord.command(person, channel, 'separate', { song: `A Song for ${person.id}` }),
      ),
    )
    const saved = () =>
      world.rows('select 1 from requests where person = any($1)', [people.map(({ id }) => id)])
    await until(async () => (await saved()).length >= people.length, 120)
    expect(await saved()).toHaveLength(people.length)
  })
})
