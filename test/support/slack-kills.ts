// What the tests that kill the bot or a worker share: a band in processes of its own, and the look at every channel in the end.
import { expect } from 'vitest'
import type { Channel } from './slack/server.ts'
import { cardsIn, createSlackBand, filesOf, mentionsIn } from './slack-band.ts'
import { until } from './until.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`)

export type SlackKills = Awaited<ReturnType<typeof createSlackKills>>

export async function createSlackKills() {
  const band = await createSlackBand({ transport: 'socket', pace: 'real' })
  const { slack, world, workspace } = band
  const served: Channel[] = []

  return {
    ...band,
    channel: () => workspace.channel(),

    /** The command is given, and saved. */
    async asked(channel: Channel): Promise<void> {
      const { answer } = await band.separate('', { channel })
      expect(await answer).toMatchObject({ status: 200 })
    },

    /** The files are there. Last cards come at the pace of edits: they are looked at in the end, for all. */
    async isServed(channel: Channel): Promise<void> {
      await until(async () => {
        const rows = await world.rows(`select 1 from requests where channel = $1 and state = 'delivered'`, [
          channel.id,
        ])
        return rows.length > 0
      }, 60)
      served.push(channel)
    },

    /** Every channel has one card that says so, one message with each stem once, and one mention. */
    async allAreWhole(count: number): Promise<void> {
      expect(served).toHaveLength(count)
      for (const channel of served) {
        const [card] = cardsIn(channel)
        if (!card) throw new Error('no card')
        const files = await band.delivered(card)
        expect(cardsIn(channel)).toEqual([card])
        expect(filesOf(card)).toEqual([files])
        expect(files.files.map(({ name }) => name).sort()).toEqual(STEMS)
        for (const file of files.files) expect(slack.bytesOf(file).toString()).toBe('audio')
        expect(mentionsIn(channel)).toEqual([files])
      }
      const twice = await world.rows(
        `select owner from job_events where kind = 'stop' group by owner, queue having count(*) > 1`,
      )
      expect(twice).toEqual([])
    },
  }
}
