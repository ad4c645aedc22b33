// `npm run doctor`: what works, what does not, and what to do about it. Ends with 1 when something needed is missing.
import { statfs } from 'node:fs/promises'
import { styleText } from 'node:util'
import { z } from 'zod'
import { discordAccess } from './chat/discord/access.ts'
import { slackAccess } from './chat/slack/access.ts'
import type { Settings } from './config.ts'
import type { Door } from './domain/doors.ts'
import { describeError } from './errors.ts'
import { bad, type Finding, good, note } from './findings.ts'
import { createLog } from './log.ts'
import { openServices, type Services } from './services.ts'
import { askPython } from './tools/ask.ts'
import { readDownloader } from './tools/downloader.ts'
import { listModels } from './tools/models.ts'

const TOOL_SECONDS = 60
const LISTEN_SECONDS = 5
/** Below this an hour of stems may not fit. */
const LOW_DISK_BYTES = 5 * 1024 ** 3
/** Sites change so often that an older yt-dlp cannot be relied upon. */
const OLD_DAYS = 60
/** Doors whose recordings come from YouTube. */
const FROM_YOUTUBE: readonly Door[] = ['spotify', 'apple', 'deezer', 'tidal', 'search', 'youtube']

const toolReport = z.looseObject({
  python: z.string(),
  tools: z.record(z.string(), z.string().nullable()),
  device: z.looseObject({ auto: z.string(), name: z.string().nullish() }).nullish(),
  good: z.array(z.string()).default([]),
  notes: z.array(z.string()).default([]),
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
})

export async function doctor(settings: Settings): Promise<number> {
  const findings: Finding[] = [good(`Node ${process.version}`)]
  findings.push(...(await checkDatabase(settings)))
  for (const environment of ['separate', 'download'] as const)
    findings.push(...(await checkTools(settings, environment)))
  findings.push(await checkDownloader(), good(`Songs are taken by: ${settings.SOURCES.join(', ')}`))
  findings.push(...(await checkModels(settings)), await checkDisk(settings), ...checkPlatforms(settings))
  findings.push(...(await checkChat(settings)))
  const marks = { good: styleText('green', '✓'), bad: styleText('red', '✗'), note: styleText('yellow', '·') }
  for (const { state, text } of findings) console.log(`${marks[state]} ${text}`)
  return findings.some(({ state }) => state === 'bad') ? 1 : 0
}

async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const where = settings.DATABASE_URL ? `at ${new URL(settings.DATABASE_URL).host}` : 'embedded'
  let services: Services | undefined
  try {
    services = await openServices(settings, createLog('silent'), () => {})
    const { rows } = await services.db.query<{ server_version: string }>('show server_version')
    const version = rows[0]?.server_version
    return [good(`PostgreSQL ${version}, ${where}`), await checkSession(services)]
  } catch (error) {
    return [bad(`PostgreSQL, ${where}: ${describeError(error).message}`)]
  } finally {
    await services?.close()
  }
}

/** LISTEN and session locks need a connection that stays the same: PgBouncer's transaction mode breaks both. */
async function checkSession({ db }: Services): Promise<Finding> {
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
    'LISTEN or session locks do not work: give DATABASE_URL a session connection, not PgBouncer in transaction mode',
  )
}

async function checkTools(settings: Settings, environment: 'separate' | 'download'): Promise<Finding[]> {
  const doors =
    environment === 'download' ? FROM_YOUTUBE.filter((door) => settings.SOURCES.includes(door)) : []
  try {
    const report = toolReport.parse(
      await askPython(settings, environment, 'stemtools.doctor', doors, TOOL_SECONDS),
    )
    const versions = Object.entries(report.tools).map(([tool, version]) => `${tool} ${version ?? 'missing'}`)
    const findings = [good(`Python ${report.python} (${environment}): ${versions.join(', ')}`)]
    if (report.device)
      findings.push(
        good(`Device: ${report.device.auto}${report.device.name ? ` (${report.device.name})` : ''}`),
      )
    return [
      ...findings,
      ...report.good.map(good),
      ...report.notes.map(note),
      ...report.problems.map(({ message }) => bad(message)),
    ]
  } catch {
    return [bad(`The Python tools of the ${environment} environment do not start: run \`npm run setup\``)]
  }
}

async function checkDownloader(): Promise<Finding> {
  const downloader = await readDownloader()
  if (!downloader) return bad('yt-dlp is not installed: run `npm run setup`')
  const text = `yt-dlp ${downloader.version} is ${downloader.ageDays} days old`
  return downloader.ageDays > OLD_DAYS
    ? note(`${text}, and sites change: run \`npm run update-downloader\``)
    : good(text)
}

async function checkModels(settings: Settings): Promise<Finding[]> {
  try {
    const models = await listModels(settings)
    const here = models.filter((model) => model.available).map((model) => model.name)
    const htdemucs = here.includes('htdemucs')
    return [
      here.length > 0
        ? good(`Models here: ${here.join(', ')}`)
        : bad('No model is here: run `npm run models -- fetch htdemucs`'),
      ...(htdemucs
        ? []
        : [
            note(
              'htdemucs is not here yet: `npm run models -- fetch htdemucs` (84 MB), or it is fetched on first use',
            ),
          ]),
    ]
  } catch {
    return [bad('The models cannot be listed: run `npm run setup`')]
  }
}

async function checkDisk(settings: Settings): Promise<Finding> {
  const disk = await statfs(settings.DATA_DIR).catch(() => undefined)
  if (!disk) return bad(`DATA_DIR ${settings.DATA_DIR} cannot be read: name another folder`)
  const free = disk.bavail * disk.bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${settings.DATA_DIR}`
  return free < LOW_DISK_BYTES ? note(`${text}: little room for stems, free some space`) : good(text)
}

function checkPlatforms(settings: Settings): Finding[] {
  const spotify = settings.SPOTIFY_CLIENT_ID && settings.SPOTIFY_CLIENT_SECRET
  return [
    good('Terminal: npm run separate -- <file or link>'),
    spotify
      ? good('Spotify: the credentials of your app are used')
      : note(
          "Spotify: spotdl's default is used; set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET for your own app",
        ),
  ]
}

async function checkChat(settings: Settings): Promise<Finding[]> {
  const discord = discordAccess(settings)
  const slack = slackAccess(settings)
  return [
    ...(discord
      ? await (await import('./chat/discord/check.ts')).checkDiscord(discord)
      : [
          note(
            'Discord is not set up: set DISCORD_TOKEN and DISCORD_APPLICATION_ID (README, Discord in five steps)',
          ),
        ]),
    ...(slack
      ? await (await import('./chat/slack/check.ts')).checkSlack(slack, settings)
      : [
          note(
            'Slack is not set up: set SLACK_BOT_TOKEN, and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET (README, Slack in five steps)',
          ),
        ]),
  ]
}
