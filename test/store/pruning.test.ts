import { describe, expect, test } from 'vitest'
import { history } from '../../commands/history.ts'
import { retry } from '../../commands/retry.ts'
import { buttonId } from '../../src/chat/buttons.ts'
import { press } from '../../src/chat/press.ts'
import { parseLink } from '../../src/domain/link.ts'
import type { Resolved } from '../../src/domain/recording.ts'
import type { Source } from '../../src/domain/source.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { removeUnasked } from '../../src/stages/expiry.ts'
import { openCircuit } from '../../src/store/circuits.ts'
import { connect } from '../../src/store/database.ts'
import { insertMessage } from '../../src/store/messages.ts'
import { prune } from '../../src/store/pruning.ts'
import { claimInteraction, type Request } from '../../src/store/requests.ts'
import { sayInRoom, shownInRoom } from '../../src/store/room-messages.ts'
import { enterRoom } from '../../src/store/room-people.ts'
import { findUpload } from '../../src/store/slack-uploads.ts'
import { tableSizes } from '../../src/store/table-sizes.ts'
import { depsOf, personIn } from '../commands/person.ts'
import { NEW_MESSAGE } from '../support/new-message.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong, type World } from '../support/world.ts'

const DAYS = 90
const KEEP_DAYS = 7
const BY = { platform: 'terminal', person: 'ann' }
const ROOM = { platform: 'room', app: 'room', channel: 'band' }

const MOMENTS: Record<string, string[]> = {
  requests: ['created_at', 'ended_at'],
  interactions: ['created_at'],
  messages: ['created_at'],
  tracks: ['created_at'],
  separations: ['created_at'],
  stages: ['sent_at', 'started_at', 'finished_at', 'files_expired_at'],
  job_events: ['at'],
  room_messages: ['created_at'],
  circuits: ['open_until'],
}

/** All that is there was so many days earlier. */
async function age(world: World, days: number): Promise<void> {
  for (const [table, columns] of Object.entries(MOMENTS)) {
    const earlier = columns.map((column) => `${column} = ${column} - make_interval(days => ${days})`)
    await world.rows(`update ${table} set ${earlier.join(', ')}`)
  }
}

const count = async (world: World, from: string, values: unknown[] = []) =>
  Number((await world.rows(`select count(*)::int as n from ${from}`, values))[0]?.['n'])
const isThere = async (world: World, { id }: Pick<Request, 'id'>) =>
  (await count(world, 'requests where id = $1', [id])) === 1

/** Asked for in a room, with the message that the room keeps of it. */
async function ask(world: World, source: Source = newSong(), person = 'ann'): Promise<Request> {
  const { request } = await world.ask(source, { ...ROOM, person })
  await insertMessage(world.services.db, request.id, ROOM, NEW_MESSAGE)
  return request
}

describe('pruning', async () => {
  const world = await createWorld({ HISTORY_DAYS: String(DAYS) })
  const { services } = world
  const { db } = services
  const deps = depsOf(world)
  const person = await enterRoom(db, { name: 'Ann', secretSha256: null })
  const ann = personIn(deps, { ...ROOM, workspace: '', person: person.person.id })
  const say = (text: string) =>
    sayInRoom(db, { room: ROOM.channel, person: ann.asker.person, nonce: crypto.randomUUID(), text })
  const delivered = async (source?: Source) => {
    const request = await ask(world, source, ann.asker.person)
    expect(await world.ended(request)).toMatchObject({ state: 'delivered' })
    return request
  }
  await world.script({})
  const worker = world.worker()
  await worker.decided

  test('forgets what ended long ago, and keeps what is young or under way', async () => {
    const shared = newSong()
    const old = { song: await delivered(), shared: await delivered(shared) }
    const video = (name: string) => `https://www.youtube.com/watch?v=${name.padEnd(11, '0')}`
    const songs = ['one', 'two'].map((name) => ({
      ...{ link: video(name), title: name, artist: 'Band', durationSeconds: 30, unavailable: null },
    }))
    const album: Resolved = { found: 'list', title: 'Album', owner: 'Band', total: 2, songs }
    await world.script({ resolve: [{ do: 'succeed', found: album }] })
    const list = await delivered(parseLink('https://www.youtube.com/playlist?list=PLalbum0000000000'))
    await world.script({ download: [{ do: 'error', code: 'not_audio', retryable: false }] })
    const failed = await ask(world, newSong(), ann.asker.person)
    expect(await world.ended(failed)).toMatchObject({ state: 'failed' })
    await findUpload(db, failed.id, 'thread')
    await world.script({})
    await pauseQueues(db, 'processing', BY)
    const open = await ask(world, newSong(), ann.asker.person)
    await until(
      async () => (await count(world, `stages where track_id = $1 and state = 'done'`, [open.trackId])) === 2,
      40,
    )
    await say('long ago')
    await claimInteraction(db, { ...ann.asker, externalId: 'pressed long ago' })
    await openCircuit(db, 'spotify', '', 3600)

    await age(world, DAYS + 10)
    const young = { shared: await ask(world, shared, 'bob'), failed: await ask(world, newSong(), 'bob') }
    await cancelRequest(services, young.failed.id)
    expect(await world.ended(young.shared)).toMatchObject({ state: 'delivered' })
    await say('just now')
    await removeUnasked(services, KEEP_DAYS)

    const pruned = await prune(db, DAYS)
    expect(pruned).toMatchObject({ requests: 4, interactions: 5, roomMessages: 1, circuits: 1, roomCards: 2 })
    for (const request of [old.song, old.shared, list, failed])
      expect(await isThere(world, request)).toBe(false)
    for (const request of [open, young.shared, young.failed]) expect(await isThere(world, request)).toBe(true)
    expect(await count(world, 'requests')).toBe(3)
    expect(await count(world, 'slack_uploads')).toBe(0)
    expect(await count(world, 'messages where request_id <> all(array(select id from requests))')).toBe(0)

    // Of the songs, those that somebody still names, with all that is theirs.
    const tracks = [open, young.shared, young.failed].map(({ trackId }) => trackId).sort()
    expect(await world.rows('select id from tracks order by id')).toEqual(tracks.map((id) => ({ id })))
    expect(await count(world, 'sources where track_id <> all($1)', [tracks])).toBe(0)
    expect(await count(world, 'separations')).toBe(3)
    expect(await count(world, 'stages where track_id <> all($1)', [tracks])).toBe(0)
    expect(await count(world, `stages where track_id = $1`, [open.trackId])).toBe(3)
    // Its attempts are counted from them.
    const waits = `job_id in (select job_id from stages where state in ('waiting', 'running', 'retrying'))`
    expect(await count(world, `job_events where at < now() - interval '${DAYS} days' and not ${waits}`)).toBe(
      0,
    )
    expect(await count(world, `room_messages where text = 'just now'`)).toBe(1)
    expect(await count(world, 'room_messages')).toBe(1)

    await resumeQueues(db, undefined, BY)
    expect(await world.ended(open)).toMatchObject({ state: 'delivered' })
    expect(await prune(db, DAYS)).toMatchObject({ roomCards: 1 })
  })

  test('what people see of it is as if it had never been', async () => {
    const request = await delivered()
    await cancelRequest(services, request.id)
    await age(world, DAYS + 10)
    const young = await delivered()
    await removeUnasked(services, KEEP_DAYS)
    await prune(db, DAYS)

    const { lines } = await ann.gives(history)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`#{${young.number}}`)
    await expect(ann.gives(retry, { number: request.number })).rejects.toMatchObject({
      code: 'no_such_request',
    })
    const interaction = { ...ann.asker, externalId: crypto.randomUUID() }
    const pressed = { buttonId: buttonId('retry', request.id), choice: null }
    await expect(press(pressed, interaction, deps, () => true)).rejects.toMatchObject({
      code: 'no_such_request',
      message: expect.stringMatching(/\.$/),
    })
    const shown = await shownInRoom(db, ROOM.channel, { beforeId: null, limit: 50 })
    expect(shown.map(({ requestId }) => requestId)).toEqual([young.id])
    expect(await shownInRoom(db, ROOM.channel, { beforeId: `r${request.number}`, limit: 50 })).toEqual([])
  })

  test('what was encoded for one that is forgotten serves others until its files expire', async () => {
    const song = newSong()
    const first = await delivered(song)
    await age(world, DAYS + 10)
    const second = await delivered(song)
    await removeUnasked(services, KEEP_DAYS)
    await prune(db, DAYS)
    expect(await isThere(world, first)).toBe(false)

    await age(world, 1)
    const before = (await world.calls()).length
    await delivered(song)
    expect((await world.calls()).length).toBe(before)
    const encoded = await count(world, 'encodings where separation_id = $1', [second.separationId])
    expect(encoded).toBeGreaterThan(0)
    expect(await count(world, `stages where owner = $1`, [first.id])).toBe(1)

    await age(world, KEEP_DAYS + 1)
    await removeUnasked(services, KEEP_DAYS)
    expect(await prune(db, DAYS)).toMatchObject({ deliveries: 1, encodings: encoded })
    expect(await count(world, 'encodings where separation_id = $1', [second.separationId])).toBe(0)
    // Nobody misses them: they are made again.
    await delivered(song)
  })

  test('a song that is being forgotten can be asked for', async () => {
    const song = newSong()
    const { trackId } = await delivered(song)
    await world.rows('delete from requests where track_id = $1', [trackId])
    const pruner = await db.session()
    await pruner.query('begin')
    await pruner.query('delete from tracks where id = $1', [trackId])
    const asking = world.ask(song, { ...ROOM, person: 'bob' })
    const waits = `pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await until(async () => (await count(world, waits)) > 0, 40)
    await pruner.query('commit')
    await pruner.end()
    const { request } = await asking
    expect(request.trackId).not.toBe(trackId)
    expect(await world.ended(request)).toMatchObject({ state: 'delivered' })
  })

  test('is done in batches, by one process at a time', async () => {
    await prune(db, DAYS)
    await world.rows(
      `insert into job_events (kind, job_id, queue, owner, track_id, attempt, worker_id, at)
       select 'stop', gen_random_uuid(), 'download', gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), now() - interval '100 days'
       from generate_series(1, 950)`,
    )
    const kept = await count(world, 'job_events')
    const other = connect(world.url, world.log)
    const [here, there] = await Promise.all([prune(db, DAYS, 100), prune(other, DAYS, 100)])
    await prune(db, DAYS, 100)
    expect((here['events'] ?? 0) + (there['events'] ?? 0)).toBeLessThanOrEqual(950)
    expect(await count(world, 'job_events')).toBe(kept - 950)

    const holder = await other.session()
    await holder.query(`select pg_advisory_lock(hashtextextended('sound-forge pruner', 0))`)
    await say('soon forgotten')
    await world.rows(
      `update room_messages set created_at = now() - interval '100 days' where text = 'soon forgotten'`,
    )
    expect(await prune(db, DAYS)).toEqual({})
    await holder.end()
    await until(async () => (await prune(db, DAYS))['roomMessages'] === 1)
    await other.close()
  })

  test('waits for nobody who works on what is old', async () => {
    const requests = [await delivered(), await delivered()]
    await age(world, DAYS + 10)
    await removeUnasked(services, KEEP_DAYS)
    const holder = await db.session()
    await holder.query('begin')
    await holder.query('select 1 from requests where id = $1 for update', [requests[0]?.id])
    await prune(db, DAYS)
    expect(await Promise.all(requests.map((request) => isThere(world, request)))).toEqual([true, false])
    await holder.query('rollback')
    await holder.end()
    await prune(db, DAYS)
    expect(await Promise.all(requests.map((request) => isThere(world, request)))).toEqual([false, false])
  })

  test('a worker does it when it starts, by HISTORY_DAYS', async () => {
    const request = await delivered()
    await worker.stop(0)
    await age(world, DAYS - 10)
    await removeUnasked(services, KEEP_DAYS)
    await prune(db, DAYS)
    expect(await isThere(world, request)).toBe(true)
    await age(world, 20)
    await world.worker().decided
    await until(async () => !(await isThere(world, request)), 40)
  })

  test("pg-boss forgets its jobs itself, after QUEUE_OPTIONS's week", async () => {
    await delivered()
    const ended = `pgboss.job where state = 'completed'`
    const jobs = await count(world, ended)
    expect(jobs).toBeGreaterThan(0)
    await world.rows(`update pgboss.job set completed_on = completed_on - interval '6 days'`)
    await world.rows('update pgboss.queue set maintain_on = null')
    await until(async () => (await count(world, 'pgboss.queue where maintain_on is null')) === 0, 40)
    expect(await count(world, ended)).toBe(jobs)
    await world.rows(`update pgboss.job set completed_on = completed_on - interval '2 days'`)
    await world.rows(`update pgboss.queue set maintain_on = now() - interval '61 minutes'`)
    await until(async () => (await count(world, ended)) === 0, 40)
  })
})

describe('the tables', async () => {
  const world = await createWorld()

  test('that change most are vacuumed early, those of pg-boss too', async () => {
    const hot = await world.rows(
      `select relname as table from pg_class where array_to_string(reloptions, ',') like '%autovacuum_vacuum_scale_factor=0.02%' order by 1`,
    )
    expect(hot.map(({ table }) => table)).toEqual([
      'job_common',
      'job_events',
      'messages',
      'requests',
      'stages',
    ])
  })

  test('tell their sizes', async () => {
    const sizes = new Map((await tableSizes(world.services.db)).map(({ table, ...size }) => [table, size]))
    for (const table of ['stages', 'job_events', 'pgboss.job_common'])
      expect(sizes.get(table)).toEqual({
        bytes: expect.any(Number),
        liveTuples: expect.any(Number),
        deadTuples: expect.any(Number),
      })
    expect(sizes.get('stages')?.bytes).toBeGreaterThan(0)
  })
})
