// docs/queries.md, asked of a database that real runs have filled: each question gets the answer that belongs to these runs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { separate } from '../../commands/separate.ts'
import type { Chat } from '../../src/chat/chat.ts'
import { parseLink } from '../../src/domain/link.ts'
import type { Resolved } from '../../src/domain/recording.ts'
import { ChatError } from '../../src/errors.ts'
import { cancelRequest } from '../../src/queue/cancel.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { MAX_ATTEMPTS } from '../../src/queue/queues.ts'
import { retryRequest } from '../../src/queue/retry.ts'
import { depsOf, personIn } from '../commands/person.ts'
import { until } from '../support/until.ts'
import { createWorld, newSong } from '../support/world.ts'

type Row = Record<string, unknown>
type Question = { title: string; sql: string; columns: string[] }

const DOC = await readFile(join(import.meta.dirname, '../../docs/queries.md'), 'utf8')
const QUESTIONS: Question[] = [
  ...DOC.matchAll(/^### (.+)\n[\s\S]+?```sql\n([\s\S]+?)```\n\n```text\n([^\n]+)\n/gm),
].map(([, title = '', sql = '', head = '']) => ({
  title,
  sql,
  columns: head.split('|').map((one) => one.trim()),
}))

/** A platform that takes every message, and no file just now. */
const discord: Chat = {
  platform: 'discord',
  app: 'discord',
  pacing: {
    firstSeconds: 0,
    messageSeconds: 1,
    channel: { edits: 5, seconds: 5 },
    workspace: null,
    app: { edits: 50, seconds: 1 },
    old: null,
  },
  tokenEdits: false,
  doubtSeconds: 0,
  maxFiles: 10,
  waveformWithStems: false,
  maxFileBytes: async () => 10_000_000,
  find: async () => 'absent',
  post: async () => '1',
  edit: async () => {},
  attach: async () => {
    throw new ChatError('chat_busy', { retryAfterSeconds: 3600, pauses: 'call' })
  },
  mention: async () => {},
  fileAuthorization: async () => null,
  tell: async () => true,
}

const video = (name: string) => `https://www.youtube.com/watch?v=${name.padEnd(11, '0')}`
const album: Resolved = {
  found: 'list',
  title: 'The Album',
  owner: 'Band',
  total: 2,
  songs: ['one', 'two'].map((name) => ({
    link: video(name),
    title: `Song ${name}`,
    artist: 'Band',
    durationSeconds: 30,
    unavailable: null,
  })),
}
const failure = { do: 'error', code: 'internal', retryable: true, message: 'The splitter slipped.' }
const BY = { platform: 'terminal', person: 'ann' }
/** Of what is not known beforehand. */
const some = {
  machine: expect.any(String),
  date: expect.any(Date),
  // Sums and roundings come as text, so that nothing of them is lost.
  number: expect.stringMatching(/^\d+(\.\d+)?$/),
}

describe('docs/queries.md', async () => {
  const world = await createWorld({ PROCESSING_CONCURRENCY: '1', DOWNLOAD_CONCURRENCY: '1' })
  const { services } = world
  const { db } = services
  const deps = depsOf(world)
  const inRoom = (person: string) => ({ platform: 'room', channel: 'band', person })
  const row = async (sql: string, values: unknown[] = []) => (await world.rows(sql, values))[0] ?? {}
  const stageIs = (owner: string | null, stage: string, state: string) =>
    until(async () => {
      const { state: now } = await row('select state from stages where owner = $1 and stage = $2', [
        owner,
        stage,
      ])
      return now === state
    }, 40)
  const numbers: Record<string, number> = {}

  beforeAll(async () => {
    await world.script({})
    await world.worker({ chats: [discord] }).decided

    // A song, and once more from what was there.
    const song = newSong()
    const first = await world.ask(song, inRoom('ann'))
    await world.ended(first.request)
    await world.ended((await world.ask(song, inRoom('bob'))).request)

    // A list of two.
    await world.script({ resolve: [{ do: 'succeed', found: album }] })
    const list = await world.ask(
      parseLink('https://www.youtube.com/playlist?list=PLalbum0000000000'),
      inRoom('cleo'),
    )
    await world.ended(list.request)

    // One that fails three times.
    await world.script({ separate: [failure] })
    const failed = await world.ask(newSong(), inRoom('ann'))
    await world.ended(failed.request)

    // One that is cancelled while it runs, and one while it waits.
    await world.script({ download: [{ do: 'stall' }] })
    const running = await world.ask(newSong(), inRoom('dan'))
    await world.running(running.request.trackId, 'download')
    await pauseQueues(db, 'download', BY)
    const waiting = await world.ask(newSong(), inRoom('dan'))
    await cancelRequest(services, waiting.request.id)
    await cancelRequest(services, running.request.id)
    await until(
      async () => (await world.rows(`select 1 from job_events where kind = 'cancelled'`)).length === 2,
      40,
    )
    await resumeQueues(db, 'download', BY)

    // One that its platform does not take; its message is there.
    await world.script({})
    await pauseQueues(db, 'delivery', BY)
    const guest = personIn(deps, { platform: 'discord', app: 'discord', person: 'eve' })
    const { request: put } = await guest.gives(separate, { song: 'https://music.example/put-off.mp3' })
    await world.rows(`update messages set message_id = '1' where request_id = $1`, [put.id])
    await resumeQueues(db, 'delivery', BY)
    await until(async () => {
      const { state, error } = await row(
        `select state, error_code as error from stages where owner = $1 and stage = 'delivery'`,
        [put.id],
      )
      return state === 'waiting' && error === 'chat_busy'
    }, 60)

    // One that runs, for hours as far as the rows tell, and one behind it.
    await world.script({ separate: [{ do: 'stall' }] })
    const stuck = await world.ask(newSong(), inRoom('fay'))
    await world.running(stuck.request.separationId, 'processing')
    const behind = await world.ask(newSong(), inRoom('gus'))
    await stageIs(behind.request.separationId, 'processing', 'waiting')
    await stageIs(behind.request.trackId, 'analysis', 'done')
    await stageIs(stuck.request.trackId, 'analysis', 'done')
    await world.rows(
      `update stages set started_at = now() - interval '3 hours' where owner = $1 and stage = 'processing'`,
      [stuck.request.separationId],
    )
    await pauseQueues(db, 'analysis', BY)

    const all = { first, list, failed, running, waiting, stuck, behind, put: { request: put } }
    for (const [name, { request }] of Object.entries(all)) numbers[name] = request.number
  }, 240_000)

  /** A session that holds a lock on a request, and one that waits for it. */
  const lock = async () => {
    const sql = 'select 1 from requests where number = 1 for update'
    const [holder, waiting] = [await db.session(), await db.session()]
    await holder.query('begin')
    await holder.query(sql)
    const waits = waiting.query(sql)
    const waiters = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query = $1`
    await until(async () => (await world.rows(waiters, [sql])).length > 0, 40)
    return async () => {
      await holder.query('commit')
      await waits
      await Promise.all([holder.end(), waiting.end()])
    }
  }

  /** What the runs above make of each question. */
  const answers = (): Record<string, Row[] | ((rows: Row[]) => void)> => {
    const number = (name: string) => String(numbers[name])
    const song = 'Band - Song'
    const stages = (rows: Row[]) => rows.map(({ stage, jobs }) => `${stage} ${jobs}`).sort()
    return {
      'Why is it slow?': (rows) => {
        expect(stages(rows)).toEqual(['analysis 7', 'delivery 6', 'download 8', 'processing 8', 'resolve 1'])
        const waits = { waited_p50: some.number, waited_p95: some.number }
        for (const row of rows)
          expect(row).toMatchObject({ ...waits, worked_p50: some.number, worked_p95: some.number })
      },
      'Who is waiting for what?': [
        {
          number: number('put'),
          person: 'eve',
          platform: 'discord',
          song,
          stage: 'delivery',
          state: 'scheduled',
        },
        { number: number('stuck'), person: 'fay', platform: 'room', stage: 'processing', state: 'executing' },
        {
          number: number('behind'),
          person: 'gus',
          platform: 'room',
          stage: 'processing',
          state: 'available',
        },
      ],
      'What is stuck?': [
        {
          requests: [number('stuck')],
          stage: 'processing',
          state: 'executing',
          song,
          attempted_by: some.machine,
          since: expect.objectContaining({ hours: 3 }),
        },
      ],
      'What is put off, and until when?': [
        { requests: [number('put')], stage: 'delivery', song, scheduled_at: some.date, why: 'chat_busy' },
      ],
      'Which queues are held, and who has said so?': [
        {
          queue: 'analysis',
          state: 'paused',
          on_each_machine: null,
          platform: 'terminal',
          person: 'ann',
          changed_at: some.date,
        },
      ],
      'What happened to request 12?': (rows) => {
        expect(
          rows.map(({ stage, attempt, outcome, error_code }) => [stage, attempt, outcome, error_code]),
        ).toEqual(
          expect.arrayContaining([
            ['download', 1, 'completed', null],
            ['analysis', 1, 'completed', null],
            ...[1, 2, 3].map((attempt) => ['processing', attempt, 'failed', 'internal']),
          ]),
        )
        expect(rows).toHaveLength(5)
        expect(rows[0]).toMatchObject({ machine: some.machine, started_at: some.date, waited: some.number })
      },
      'What failed today, and why?': [
        {
          number: number('failed'),
          person: 'ann',
          platform: 'room',
          song,
          error_code: 'internal',
          error_message: 'The splitter slipped.',
        },
      ],
      'What went wrong in each attempt?': [
        {
          requests: [number('failed')],
          stage: 'processing',
          song,
          attempted_by: some.machine,
          errors: [1, 2, 3].map((attempt) => `${attempt}: The splitter slipped.`).join(' '),
        },
      ],
      'Which errors are there, how often, since when?': (rows) => {
        expect(rows).toMatchObject([{ stage: 'processing', error_code: 'internal', times: '3', songs: '1' }])
        const [{ first_seen, last_seen } = {}] = rows as { first_seen: Date; last_seen: Date }[]
        expect(Number(last_seen)).toBeGreaterThan(Number(first_seen))
      },
      'Which machine fails most?': [
        { machine: some.machine, attempts: '30', failed: '3', crashed: '0', lost: '0', percent: '10.0' },
      ],
      'What did the retries cost?': [
        { stage: 'processing', attempts: '3', minutes: some.number, mended: '0', given_up: '1' },
      ],
      'What was cancelled, and how far had it come?': (rows) => {
        expect(rows).toHaveLength(2)
        const about = { stage: 'download', song: 'Song.flac', cancelled_at: some.date, seconds: some.number }
        expect(rows).toContainEqual({ ...about, requests: [number('running')], attempted_by: some.machine })
        expect(rows).toContainEqual({ ...about, requests: [number('waiting')], attempted_by: null })
      },
      'How long do people wait, by platform?': [
        { platform: 'room', delivered: '5', p50_seconds: some.number, p95_seconds: some.number },
      ],
      'How long does each stage take?': (rows) =>
        expect(stages(rows)).toEqual(['analysis 7', 'delivery 5', 'download 7', 'processing 4', 'resolve 1']),
      'When is it busy?': (rows) => {
        expect(rows.reduce((sum, { jobs }) => sum + Number(jobs), 0)).toBe(30)
        expect(rows[0]).toMatchObject({
          hour: some.date,
          minutes_waited: some.number,
          minutes_worked: some.number,
        })
      },
      'How fast is each model, on which device?': [
        {
          model: 'starter',
          device: 'cpu',
          songs: '4',
          real_time_factor_p50: some.number,
          hours_of_song: '0.0',
        },
      ],
      'Which songs are asked for most?': (rows) => {
        expect(rows).toHaveLength(9)
        expect(rows[0]).toMatchObject({ song, times: '2', people: '2', last_asked: some.date })
      },
      'Who asks most?': (rows) => {
        expect(rows).toHaveLength(7)
        expect(rows).toContainEqual({
          platform: 'room',
          person: 'ann',
          requests: '2',
          delivered: '1',
          failed: '1',
        })
        expect(rows).toContainEqual({
          platform: 'room',
          person: 'cleo',
          requests: '1',
          delivered: '1',
          failed: '0',
        })
      },
      'How many were answered from what was there?': [
        { delivered: '4', from_kept_stems: '1', percent: '25' },
      ],
      'How did the songs of each list fare?': [
        {
          list: number('list'),
          songs: '2',
          delivered: '2',
          failed: '0',
          under_way: '0',
          seconds: expect.any(Number),
        },
      ],
      'How full is each table?': (rows) => {
        expect(rows).toHaveLength(10)
        const tables = rows.map(({ schemaname, table }) => `${schemaname}.${table}`)
        expect(tables).toEqual(
          expect.arrayContaining(['public.stages', 'public.job_events', 'pgboss.job_common']),
        )
      },
      'Who keeps a transaction open for long?': (rows) =>
        expect(rows).toContainEqual(
          expect.objectContaining({ application_name: 'sound-forge', state: 'idle in transaction' }),
        ),
      'What is locked now, and by whom?': [
        {
          wants: expect.stringContaining('from requests'),
          application_name: 'sound-forge',
          state: 'idle in transaction',
          last_query: expect.stringContaining('from requests'),
        },
      ],
    }
  }

  test('every question is asked here, and there are a dozen and more', () => {
    expect(QUESTIONS.map(({ title }) => title).sort()).toEqual(Object.keys(answers()).sort())
    expect(QUESTIONS.length).toBeGreaterThan(12)
    // No block is left out because it is written otherwise.
    expect(DOC.match(/```sql/g)).toHaveLength(QUESTIONS.length)
  })

  test.each(QUESTIONS)('$title', async ({ title, sql, columns }) => {
    const asked = sql
      .replace('number = 12', `number = ${numbers['failed']}`)
      .replace("interval '1 minute'", "interval '0 s'")
    const unlock = await lock()
    try {
      const { rows, fields } = await db.query<Row>(asked)
      expect(fields.map(({ name }) => name)).toEqual(columns)
      const answer = answers()[title]
      if (typeof answer === 'function') answer(rows)
      else expect(rows).toMatchObject(answer ?? expect.unreachable())
    } finally {
      await unlock()
    }
  })

  test('the views know how often a job is tried', async () => {
    expect(await world.rows('select distinct max_attempts from job_history')).toEqual([
      { max_attempts: MAX_ATTEMPTS },
    ])
  })

  test("states are Oban's", async () => {
    const states = await world.rows(
      'select state, count(*)::int as jobs from job_history group by state order by state',
    )
    expect(states).toEqual([
      { state: 'available', jobs: 1 },
      { state: 'cancelled', jobs: 2 },
      { state: 'completed', jobs: 24 },
      { state: 'discarded', jobs: 1 },
      { state: 'executing', jobs: 1 },
      { state: 'scheduled', jobs: 1 },
    ])
  })

  test('an attempt that nothing has ended, and that does not run any more, has crashed', async () => {
    const outcomes = () =>
      world.rows(
        `select outcome, seconds from job_attempts where stage = 'download'
           and owner = any (array(select unnest(owners) from request_history where number = $1)) order by started_at`,
        [numbers['first']],
      )
    expect(await outcomes()).toEqual([{ outcome: 'completed', seconds: expect.any(Number) }])
    await world.rows(
      `insert into job_events (at, kind, job_id, queue, owner, track_id, attempt, worker_id)
       select at - interval '1 minute', kind, job_id, queue, owner, track_id, attempt, gen_random_uuid() from job_events
       where kind = 'start' and queue = 'download' and owner = (select track_id from requests where number = $1)`,
      [numbers['first']],
    )
    expect(await outcomes()).toEqual([
      { outcome: 'crashed', seconds: null },
      { outcome: 'completed', seconds: expect.any(Number) },
    ])
  })

  test('a request that is tried again keeps what failed before', async () => {
    await resumeQueues(db, 'analysis', BY)
    for (const name of ['stuck', 'behind'])
      await cancelRequest(
        services,
        String((await row('select id from requests where number = $1', [numbers[name]]))['id']),
      )
    await world.script({})
    const { id } = await row('select id from requests where number = $1', [numbers['failed']])
    expect(
      await retryRequest(
        { ...services, maxOpenRequests: 40, doors: [...world.settings.SOURCES] },
        String(id),
      ),
    ).toBe(true)
    expect(await world.ended({ id: String(id) })).toMatchObject({ state: 'delivered' })
    const jobs = await world.rows(
      `select state, attempt, jsonb_array_length(errors) as errors, requests from job_history where stage = 'processing' and $1 = any (requests)
       order by inserted_at`,
      [numbers['failed']],
    )
    const requests = [String(numbers['failed'])]
    expect(jobs).toEqual([
      { state: 'discarded', attempt: 3, errors: 3, requests },
      { state: 'completed', attempt: 1, errors: null, requests },
    ])
  })
})
