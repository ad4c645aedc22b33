// The entry: node src/main.ts <command>. Every error ends here, as one sentence and an exit code.
import { join } from 'node:path'
import { startBot } from './bot.ts'
import { discordAccess } from './chat/discord/access.ts'
import { parseSeparateArguments, separateUsage } from './chat/terminal/arguments.ts'
import { queueAtTerminal } from './chat/terminal/queue.ts'
import { parseQueueArguments, queueUsage } from './chat/terminal/queue-arguments.ts'
import { EXIT, separateAtTerminal } from './chat/terminal/separate.ts'
import { readSettings, type Settings } from './config.ts'
import { doctor } from './doctor/doctor.ts'
import { describeError, ToolError, UserError } from './errors.ts'
import { createLog, type Log } from './log.ts'
import { models } from './models.ts'
import { serveMonitoring } from './monitoring.ts'
import { makeFolders, openServices, openServicesForSongs, type Services } from './services.ts'
import { countSignals } from './signals.ts'
import { logJobs } from './telemetry/job-log.ts'
import { startWorker } from './worker.ts'

const CLONE = join(import.meta.dirname, '..')

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
  separate: runSeparate,
  start: () => serve({ bot: true, worker: true }),
  bot: () => serve({ bot: true, worker: false }),
  worker: () => serve({ bot: false, worker: true }),
  doctor: async () => doctor(readSettings(process.env, CLONE)),
  models: async (args) => models(readSettings(process.env, CLONE), args),
  register: runRegister,
  manifest: runManifest,
  migrate: runMigrate,
  queue: runQueue,
}

async function runSeparate(argv: string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(separateUsage())
    return 0
  }
  const args = parseSeparateArguments(argv)
  const settings = readSettings(process.env, CLONE)
  // The card owns the terminal: the log goes to a file beside the data.
  await makeFolders(settings.DATA_DIR)
  const log = createLog(settings.LOG_LEVEL, join(settings.DATA_DIR, 'separate.log'))
  logJobs(log)
  const endTraces = await traces(settings, 'terminal', log)
  const services = await openServicesForSongs(settings, log, (line) => console.error(line))
  const worker = startWorker(settings, services, log)
  try {
    const cwd = process.env['SFA_CWD'] ?? process.cwd()
    return await separateAtTerminal(args, { settings, services, workerDecided: worker.decided, cwd })
  } finally {
    await worker.stop(0)
    await Promise.all([services.close(), endTraces()])
  }
}

async function serve(roles: { bot: boolean; worker: boolean }): Promise<number> {
  const settings = readSettings(process.env, CLONE)
  const log = createLog(settings.LOG_LEVEL)
  logJobs(log)
  const role = roles.bot && roles.worker ? 'bot and worker' : roles.bot ? 'bot' : 'worker'
  const endTraces = await traces(settings, role, log)
  const stopped = untilStopped()
  const services = await openServicesForSongs(settings, log, (line) => log.info(line))
  // Closed in the other order, also when one of them cannot start: what is left open would keep the process alive for nothing.
  const open: { stop(): Promise<void> }[] = []
  let graceSeconds = 0
  try {
    const bot = roles.bot ? await startBot(settings, services, log) : undefined
    if (bot) open.push(bot)
    const monitoring = roles.bot ? undefined : await serveMonitoring(settings, services, log)
    if (monitoring) {
      open.push(monitoring)
      log.info(`metrics can be read at ${monitoring.url}/metrics`)
    }
    const worker = roles.worker ? startWorker(settings, services, log) : undefined
    // Pages stay open, and cards true, until the last job has ended.
    if (worker) open.push({ stop: () => worker.stop(graceSeconds) })
    await worker?.decided
    if (bot) {
      log.info({ platforms: bot.platforms }, 'the bot is up')
      console.log(`The room is open: ${bot.url}`)
    }
    if (worker)
      log.info(
        worker.working
          ? 'the worker is up'
          : 'another worker of this machine is at work; this one takes over when it goes',
      )
    await stopped
    log.info('stopping: running jobs get a while to finish; a second signal stops at once')
    graceSeconds = settings.GRACE_SECONDS
    return 0
  } finally {
    for (const each of open.reverse())
      await each.stop().catch((error: unknown) => log.warn({ err: error }, 'stopping'))
    await Promise.all([services.close(), endTraces()])
    log.info('stopped')
  }
}

/** Loaded only where they go somewhere. @returns ends it */
async function traces(settings: Settings, role: string, log: Log): Promise<() => Promise<void>> {
  if (!settings.OTEL_EXPORTER_OTLP_ENDPOINT) return async () => {}
  const { startTraces } = await import('./telemetry/traces.ts')
  return startTraces(settings.OTEL_SERVICE_NAME, role, log)
}

/** Settled by the first signal; the second ends the process at once, and the jobs are taken up elsewhere. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    countSignals((count) => (count > 1 ? process.exit(EXIT.interrupted) : resolve()))
  })
}

async function runRegister(): Promise<number> {
  const access = discordAccess(readSettings(process.env, CLONE))
  if (!access)
    throw new UserError(
      'bad_settings',
      'Set DISCORD_TOKEN and DISCORD_APPLICATION_ID in the environment or in .env.',
    )
  const { createDiscordRest } = await import('./chat/discord/rest.ts')
  const { registerCommands } = await import('./chat/discord/register.ts')
  const { changed } = await registerCommands(createDiscordRest(access), (line) => console.log(line))
  console.log(changed.length > 0 ? 'Discord knows the commands now.' : 'Nothing has changed.')
  return 0
}

async function runManifest([given]: string[]): Promise<number> {
  const { PUBLIC_URL: publicUrl, SLACK_APP_TOKEN, SLACK_CLIENT_ID } = readSettings(process.env, CLONE)
  const transport = given ?? (publicUrl && !SLACK_APP_TOKEN ? 'http' : 'socket')
  if (transport !== 'socket' && transport !== 'http')
    throw new UserError('bad_usage', 'Use `npm run manifest -- socket`, or `npm run manifest -- http`.')
  const { manifestOf, manifestText } = await import('./chat/slack/manifest.ts')
  const { COMMANDS: commands } = await import('../commands/index.ts')
  const wishes = { transport, publicUrl, oauth: SLACK_CLIENT_ID !== undefined } as const
  process.stdout.write(manifestText(manifestOf(commands, wishes)))
  return 0
}

async function runMigrate(): Promise<number> {
  const settings = readSettings(process.env, CLONE)
  const services = await openWithoutFiles(settings)
  await services.close()
  console.log('The database is up to date.')
  return 0
}

async function runQueue(argv: string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(queueUsage())
    return 0
  }
  const args = parseQueueArguments(argv)
  const settings = readSettings(process.env, CLONE)
  const services = await openWithoutFiles(settings)
  try {
    return await queueAtTerminal(args, services.db)
  } finally {
    await services.close()
  }
}

/** What needs no songs works while their store is away, too. */
function openWithoutFiles(settings: Settings): Promise<Services> {
  return openServices({ ...settings, FILES: 'disk' }, createLog('warn'), (line) => console.error(line))
}

function report(error: unknown): number {
  if (error instanceof UserError || error instanceof ToolError) {
    console.error(`${error.message} (${error.code})`)
    if (error.code === 'bad_usage' && name === 'separate') console.error(`\n${separateUsage()}`)
  } else {
    const { code, message } = describeError(error)
    console.error(`${message} (${code})`)
    if (process.env['LOG_LEVEL'] === 'debug') console.error(error)
    else console.error('LOG_LEVEL=debug shows the details.')
  }
  const code = error instanceof UserError ? error.code : ''
  return code === 'bad_usage' || code === 'bad_settings' ? EXIT.usage : EXIT.failed
}

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]
if (command) process.exitCode = await command(args).catch(report)
else {
  console.error(
    `There is no command ${name || '(none)'}: choose one of ${Object.keys(COMMANDS).join(', ')}. (bad_usage)`,
  )
  process.exitCode = EXIT.usage
}
