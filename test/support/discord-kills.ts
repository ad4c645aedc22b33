// What the tests that kill the bot or a worker share: a band in processes of its own, and the look at every channel in the end.
import { expect } from 'vitest'
import type { Channel } from './discord/server.ts'
import { cardsIn, createDiscordBand, stemsOf } from './discord-band.ts'
import { until } from './until.ts'

const FILES = [...['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`), 'waveform.png']

export async function createDiscordKills() {
  const band = await createDiscordBand('real')
  const { discord, world, guild } = band
  const served: Channel[] = []
  const complete = (channel: Channel) =>
    cardsIn(channel).find((one) => one.attachments.length === FILES.length)

  return {
    ...band,
    channel: () => guild.channel(),

    /** The files and the mention are there. Last cards come at the pace of edits: they are looked at in the end, for all. */
    async isServed(channel: Channel): Promise<void> {
      await until(() => complete(channel) && band.mentions(channel).length > 0, 40)
      await until(async () => {
        const rows = await world.rows(`select 1 from requests where channel = $1 and state = 'delivered'`, [
          channel.id,
        ])
        return rows.length > 0
      })
      served.push(channel)
    },

    /** Every channel has one message that says so, each stem once, and one mention. */
    async allAreWhole(count: number): Promise<void> {
      expect(served).toHaveLength(count)
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
    },
  }
}
