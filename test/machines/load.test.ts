// Three machines without a disk in common, one for separation alone, and a bot on a fourth: what was asked for is delivered once, whatever
// happens to one of them. Run when nothing else is, as what is measured has to be in time.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { Delivered } from '../../src/domain/packing.ts'
import { type Interaction, MAY, type Message, type User } from '../support/discord/server.ts'
import { cardsIn, createDiscordBand, stemsOf } from '../support/discord-band.ts'
import { killChild } from '../support/processes.ts'
import { startS3 } from '../support/s3-server.ts'
import { until } from '../support/until.ts'

const REQUESTS = 50
const SONGS = 35
const CHANNELS = 10
const ASKED_AT_ONCE = 5
const EFFECTIVE_SECONDS = 2
const MANAGE_GUILD = 1n << 5n
/** What one machine separates at once. */
const LOST_AT_MOST = 2
const FILES = [...['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`), 'waveform.png']

describe('three machines and a bot', async () => {
  const s3 = await startS3()
  const band = await createDiscordBand('real', s3.env)
  const { discord, world, guild } = band
  world.onClose(() => s3.stop())
  const channels = Array.from({ length: CHANNELS }, () => guild.channel())
  const people = Array.from({ length: CHANNELS * 2 }, () => discord.user())
  const admin = discord.user({ permissions: MAY.VIEW_CHANNEL | MANAGE_GUILD })

  const folderOf = (name: string) => join(world.folder, name)
  const machine = (name: string, more: Record<string, string> = {}) =>
    world.workerProcess({ DATA_DIR: folderOf(name), ...more })
  const noDiscord = { DISCORD_TOKEN: '', DISCORD_APPLICATION_ID: '' }

  await world.script({
    separate: [{ do: 'succeed', seconds: 1.5 }],
    // So that what was made for one is not taken for another's.
    encode: Array.from({ length: REQUESTS * 4 }, (_, i) => ({ do: 'succeed', bytes: 100 + i })),
  })
  await band.botProcess({ DATA_DIR: folderOf('bot') })
  let first = await machine('first')
  await machine('second')
  await machine('gpu', { WORKER_QUEUES: 'processing', ...noDiscord })

  const count = async (sql: string, values: unknown[] = []) =>
    Number((await world.rows(`select count(*) as n from ${sql}`, values))[0]?.['n'])
  const asked: Interaction[] = []

  /** Every song by somebody; those that are asked for again, by somebody else and elsewhere. */
  const askUpTo = async (total: number) => {
    while (asked.length < total) {
      const wave = await Promise.all(
        Array.from({ length: Math.min(ASKED_AT_ONCE, total - asked.length) }, (_, i) => {
          const number = asked.length + i
          const again = number >= SONGS
          const user = people[(number + (again ? 1 : 0)) % people.length] as User
          const channel = channels[(number + (again ? 3 : 0)) % CHANNELS]
          return band.separate(
            { song: `Band Song ${number % SONGS}` },
            channel ? { user, channel } : { user },
          )
        }),
      )
      for (const { answer } of wave) await answer
      asked.push(...wave)
    }
  }
  /** The message of each interaction, by its id: of a slow machine it is no answer, but posted after it. */
  const shown = async () => {
    const rows = await world.rows(
      `select i.external_id as id, m.message_id as message from messages m join requests r on r.id = m.request_id
         join interactions i on i.id = r.interaction_id`,
    )
    const all = channels.flatMap(({ messages }) => messages)
    return new Map(rows.map(({ id, message }) => [id, all.find((one) => one.id === message) as Message]))
  }
  const control = async (action: string) => {
    const said = await discord.command(admin, channels[0] ?? band.channel, 'queue', {
      action,
      queue: 'processing',
    })
    expect((await said.answer)?.type).toBe(4)
    return (await world.rows('select clock_timestamp() as at'))[0]?.['at'] as Date
  }

  test('a pause holds separation on all of them within two seconds', async () => {
    await askUpTo(20)
    const at = `job_events where queue = 'processing' and kind = 'start'`
    await until(async () => (await count(`(select distinct worker_id from ${at}) machines`)) === 3, 60)
    const pausedAt = await control('pause')
    await askUpTo(REQUESTS)
    const waits = `stages where queue = 'processing' and state = 'waiting'`
    await until(async () => (await count(waits)) > 10, 60)
    const running = `stages where queue = 'processing' and state = 'running'`
    await until(async () => (await count(running)) === 0, 60)
    const isLater = `(select where clock_timestamp() > $1::timestamptz + make_interval(secs => $2)) now`
    await until(async () => (await count(isLater, [pausedAt, EFFECTIVE_SECONDS * 2])) > 0)
    const begun = `pgboss.job where name = 'processing' and started_on > $1::timestamptz + make_interval(secs => $2)`
    expect(await count(begun, [pausedAt, EFFECTIVE_SECONDS])).toBe(0)
    expect(await count(waits)).toBeGreaterThan(10)
    const resumedAt = await control('resume')
    await until(async () => (await count(begun, [resumedAt, 0])) > 0, 20)
  })

  test('one is killed in the middle and comes back: each request is delivered once, and no song separated twice', {
    timeout: 400_000,
  }, async () => {
    const done = `stages where stage = 'processing' and state = 'done'`
    await until(async () => (await count(done)) > SONGS / 2, 120)
    const there = `stages where queue = 'processing' and state = 'running' and fraction > 0
      and worker_id = (select id from workers where pid = $1)`
    await until(async () => (await count(there, [first.pid])) > 0)
    await killChild(first)
    first = await machine('first')
    await until(async () => (await count(`requests where state = 'delivered'`)) === REQUESTS, 300)
    const messages = [...(await shown()).values()]
    for (const message of messages) await band.delivered(message, 120)

    expect(await count('requests')).toBe(REQUESTS)
    expect(new Set(messages).size).toBe(REQUESTS)
    expect(channels.flatMap(cardsIn)).toHaveLength(REQUESTS)
    for (const message of messages) expect(stemsOf(message).sort()).toEqual(FILES)
    const mentions = channels.flatMap((channel) => band.mentions(channel))
    expect(mentions.flatMap(({ mentionsNotified }) => mentionsNotified).sort()).toEqual(
      asked.map(({ user }) => user.id).sort(),
    )
    // A separation is begun again where its machine died, two at most; none is done twice.
    const ends = `job_events where queue = 'processing' and kind = 'stop'`
    expect(await count(ends)).toBe(SONGS)
    expect(await count(`(select distinct owner from ${ends}) separations`)).toBe(SONGS)
    const calls = (await world.calls()).filter((tool) => tool === 'separate').length
    expect(calls).toBeGreaterThan(SONGS)
    expect(calls).toBeLessThanOrEqual(SONGS + LOST_AT_MOST)
    expect(await count(`(select distinct worker_id from ${ends}) machines`)).toBeGreaterThanOrEqual(3)
  })

  test('what people got is what lies in the bucket', async () => {
    const delivered = await world.rows(
      `select i.external_id as id, s.result from stages s join requests r on r.id = s.owner
         join interactions i on i.id = r.interaction_id where s.stage = 'delivery'`,
    )
    expect(delivered).toHaveLength(REQUESTS)
    const there = await shown()
    for (const { id, result } of delivered) {
      const { stems } = result as Delivered
      expect(stems).toHaveLength(4)
      for (const { stem, file } of stems) {
        const attached = there
          .get(id)
          ?.attachments.find(({ filename }) => filename === `Band-Song-${stem}.mp3`)
        const query = { Bucket: s3.bucket, Key: `${s3.prefix}${file}` }
        const stored = await (await s3.client.send(new GetObjectCommand(query))).Body?.transformToByteArray()
        expect(attached && discord.bytesOf(attached)).toEqual(Buffer.from(stored ?? []))
      }
    }
    for (const name of ['bot', 'first', 'second', 'gpu'])
      expect(await readdir(join(folderOf(name), 'files'))).toEqual([])
  })
})
