// Whether the database can be reached and is fit for our jobs, and who is at work on it.
import type { Settings } from '../config.ts'
import { describeError, UserError } from '../errors.ts'
import { openFiles } from '../files/open.ts'
import { bad, type Finding, good, note, setting } from '../findings.ts'
import { createLog } from '../log.ts'
import { lookAtQueues } from '../queue/control.ts'
import { type QueueName, stageOf } from '../queue/queues.ts'
import { machineId } from '../queue/role.ts'
import { makeFolders, openServices, type Services } from '../services.ts'
import type { Database } from '../store/database.ts'
import { liveWorkers } from '../store/live-workers.ts'
import { holdFileStore } from '../store/one-file-store.ts'
import type { WorkerRow } from '../store/workers.ts'

const LISTEN_SECONDS = 5
const OLDEST_VERSION = 14
/** Pauses, leases and heartbeats are compared over machines. */
const CLOCK_SKEW_SECONDS = 5
/** A bot and a worker take about so many: docs/operations.md. */
const FEW_CONNECTIONS = 40

export async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const where = settings.DATABASE_URL ? `at ${new URL(settings.DATABASE_URL).host}` : 'embedded'
  let services: Services
  try {
    // The file store is looked at by itself.
    services = await openServices({ ...settings, FILES: 'disk' }, createLog('silent'), () => {})
  } catch (error) {
    const mend = settings.DATABASE_URL ? mendOf(settings.DATABASE_URL, error) : 'npm run setup'
    return [bad(`PostgreSQL, ${where}: ${describeError(error).message.replace(/\.$/, '')}`, mend)]
  }
  const { db } = services
  try {
    return [
      ...(await checkServer(db, where)),
      await checkSession(db),
      ...(await checkWork(db, settings)),
      ...(await checkOnePlace(db, settings)),
    ]
  } finally {
    await services.close()
  }
}

/** By what the server, or the way to it, says: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function mendOf(databaseUrl: string, error: unknown): string {
  const { username, hostname, port, pathname } = new URL(databaseUrl)
  const { code = '' } = ((error as Error).cause ?? error) as { code?: string }
  const name = decodeURIComponent(pathname.slice(1))
  const at = `${hostname}:${port || '5432'}`
  if (code.startsWith('28')) return setting('DATABASE_URL', `postgres://${username}:<password>@${at}/${name}`)
  if (code === '3D000') return `createdb -h ${hostname} -p ${port || '5432'} -U ${username} ${name}`
  if (/^(localhost|127\.|\[?::1)/.test(hostname)) return 'sudo systemctl start postgresql'
  return setting('DATABASE_URL', `postgres://${username}:<password>@<host>:5432/${name}`)
}

async function checkServer(db: Database, where: string): Promise<Finding[]> {
  const startedMs = Date.now()
  const { rows } = await db.query<{
    version: string
    number: number
    autovacuum: boolean
    connections: number
    most: number
    nowMs: number
  }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as number,
       current_setting('autovacuum')::boolean as autovacuum, current_setting('max_connections')::int as most,
       (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
       extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs"`,
  )
  const [server] = rows
  if (!server) throw new Error('the server said nothing of itself')
  const { version, number, autovacuum, connections, most, nowMs } = server
  const skewSeconds = Math.abs(nowMs - (startedMs + Date.now()) / 2) / 1000
  const alter = (what: string) => `psql "$DATABASE_URL" -c 'alter system set ${what}'`
  return [
    number < OLDEST_VERSION
      ? bad(
          `PostgreSQL ${version}, ${where}: it has to be ${OLDEST_VERSION} or newer`,
          'apt-get install postgresql',
        )
      : good(`PostgreSQL ${version}, ${where}`),
    most - connections < FEW_CONNECTIONS
      ? note(
          `${connections} of ${most} connections are in use: \`${alter(`max_connections = ${most + 100}`)}\` and a restart of the server give room for more processes`,
        )
      : good(`${connections} of ${most} connections are in use`),
    ...(skewSeconds > CLOCK_SKEW_SECONDS
      ? [
          bad(
            `The clocks of the database and of this machine are ${skewSeconds.toFixed(0)} s apart`,
            'timedatectl set-ntp true',
          ),
        ]
      : []),
    ...(autovacuum
      ? []
      : [
          bad(
            'Autovacuum is off, so the tables of jobs grow and slow down',
            `${alter('autovacuum = on')} -c 'select pg_reload_conf()'`,
          ),
        ]),
  ]
}

/** LISTEN and session locks need a connection that stays the same: PgBouncer's transaction mode breaks both. */
async function checkSession(db: Database): Promise<Finding> {
  const heard = Promise.withResolvers<boolean>()
  const listener = await db.listen(
    'sound_forge_doctor',
    (payload) => payload === 'proof' && heard.resolve(true),
  )
  const timer = setTimeout(() => heard.resolve(false), LISTEN_SECONDS * 1000)
  await db.query(`select pg_notify('sound_forge_doctor', 'proof')`)
  const listens = await heard.promise
  clearTimeout(timer)
  await listener.close()
  const holder = await db.session()
  const other = await db.session()
  await holder.query(`select pg_advisory_lock(hashtextextended('sound-forge doctor', 0))`)
  const { rows } = await other.query<{ got: boolean }>(
    `select pg_try_advisory_lock(hashtextextended('sound-forge doctor', 0)) as got`,
  )
  await Promise.all([holder.end(), other.end()])
  if (listens && rows[0]?.got === false) return good('LISTEN and session locks work')
  return bad(
    'LISTEN or session locks do not work, as behind PgBouncer in transaction mode; DATABASE_URL has to lead to the server itself',
    setting('DATABASE_URL', 'postgres://<user>:<password>@<host>:5432/<database>'),
  )
}

/** The machines at work, queues that nobody works, and queues that are held. */
async function checkWork(db: Database, settings: Settings): Promise<Finding[]> {
  const workers = await liveWorkers(db)
  const standings = await lookAtQueues(db, undefined)
  const held = standings.filter(({ paused, draining }) => paused || draining).map(({ queue }) => queue)
  const waiting = standings.filter((standing) => standing.waiting > 0).map(({ queue }) => queue)
  const worked = new Set(workers.flatMap(({ queues }) => Object.keys(queues)))
  const unworked = waiting.filter((queue) => !worked.has(queue))
  return [
    workers.length === 0
      ? note('No worker is at work just now: `npm start`, or `npm run worker`')
      : good(`At work: ${workers.map(({ hostname, pid }) => `${hostname} (process ${pid})`).join(', ')}`),
    ...(workers.length > 0 ? unworked.map((queue) => unworkedFinding(queue, workers, settings)) : []),
    ...(held.length > 0
      ? [note(`Held at an admin's word: ${held.join(', ')}; \`npm run queue -- resume\` lets all go on`)]
      : []),
  ]
}

/** Whether songs lie where the other processes have them. A store that cannot be opened is told of elsewhere. */
async function checkOnePlace(db: Database, settings: Settings): Promise<Finding[]> {
  const files = await openFiles(settings, await makeFolders(settings.DATA_DIR)).catch(() => undefined)
  if (!files) return []
  try {
    const held = await holdFileStore(db, files.name)
    await held.release()
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [bad(error.message.replace(/\.$/, ''), setting('FILES', 's3://bucket/prefix'))]
  } finally {
    await files.close()
  }
}

/** A queue whose jobs wait, and which no machine works. */
function unworkedFinding(queue: QueueName, workers: WorkerRow[], settings: Settings): Finding {
  const stage = stageOf(queue)
  const text = `Nobody works ${queue}, where jobs wait`
  const platform = stage === 'delivery' ? queue.slice('delivery-'.length) : undefined
  if (platform && settings.WORKER_QUEUES.includes('delivery'))
    return bad(
      `${text}; a worker with the credentials of ${platform} does`,
      setting(platform === 'slack' ? 'SLACK_BOT_TOKEN' : 'DISCORD_TOKEN', '<token>'),
    )
  if (!settings.WORKER_QUEUES.includes(stage))
    return bad(
      `${text}; this machine does once WORKER_QUEUES names it and its worker is started again`,
      setting('WORKER_QUEUES', [...settings.WORKER_QUEUES, stage].join(',')),
    )
  const here = workers.find(({ machine }) => machine === machineId(settings.DATA_DIR))
  return here
    ? bad(`${text}; the worker here was started with other settings`, `kill ${here.pid}; npm run worker`)
    : bad(text, 'npm run worker')
}
