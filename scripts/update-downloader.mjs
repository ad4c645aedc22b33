// npm run update-downloader: a newer yt-dlp, as sites change faster than this project's lock. A new environment is
// made beside the one in use, from the lock and with what is newer, and put to use only when its self-test passes.
// spotdl and whatever else download.in names stay as they are: our code reaches into them as the lock has them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeEnvironment, pipInstall, pythonIn, runPip, versionIn } from './setup/environments.mjs'
import { exclusively } from './setup/exclusive.mjs'
import { SetupProblem } from './setup/problem.mjs'
import { endWithSignals, runProgram } from './setup/program.mjs'
import { installStep, openStep, say } from './setup/progress.mjs'
import { root } from './setup/root.mjs'
import { nodeRuntime } from './setup/runtime.mjs'
import { setting } from './setup/setting.mjs'
import { freeSlot, turnTo } from './setup/slots.mjs'

const name = 'download'
const inUse = join(root, '.venv', name)
const pins = join(root, 'python', 'requirements', 'download.in')
const potPlugin = 'bgutil-ytdlp-pot-provider' // asks the provider that YTDLP_POT_PROVIDER names
const noConnection = /Retrying \(/

function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: { nightly: { type: 'boolean' }, locked: { type: 'boolean' } },
    })
    if (!(values.nightly && values.locked)) return values
  } catch {}
  throw new SetupProblem(
    'Usage: npm run update-downloader, with -- --nightly for what yt-dlp makes between releases, with -- --locked to go back to the version that comes with this project.',
    { exitCode: 2 },
  )
}

/** What pip is asked for: yt-dlp with its default extra, and of all else only what that asks for. */
function wantedPackages(nightly) {
  return [
    ...['--upgrade', '--upgrade-strategy', 'only-if-needed', '-r', pins],
    ...[ytDlp(nightly), ...(setting('YTDLP_POT_PROVIDER') ? [potPlugin] : [])],
  ]
}

/** A version before a release is taken only where one is named. */
const ytDlp = (nightly) => (nightly ? 'yt-dlp[default]>=0.dev0' : 'yt-dlp[default]')

/** What an installation would bring, as `name version`. */
async function plan(packages, report, failure) {
  const args = ['install', '--dry-run', '--quiet', '--no-input', '--only-binary=:all:', '--report', report]
  await runPip(inUse, [...args, ...packages], failure)
  return JSON.parse(readFileSync(report, 'utf8')).install.map(
    ({ metadata }) => `${metadata.name} ${metadata.version}`,
  )
}

/** What is newer than in the environment in use, as `name version`. */
async function findNewer(nightly, before) {
  const folder = mkdtempSync(join(tmpdir(), 'sfa-update-'))
  const report = join(folder, 'report.json')
  const failure = `No newer yt-dlp could be looked for, and ${before} stays in use: check the connection to the package index and run the same command again.`
  const step = openStep('yt-dlp', 'looking for a newer one')
  try {
    // What is installed satisfies pip also where it reaches no index: so first without.
    await plan(['--ignore-installed', '--no-deps', ytDlp(nightly)], report, failure)
    const newer = await plan(wantedPackages(nightly), report, failure)
    step.end(newer.join(', ') || 'there is none')
    return newer
  } catch (error) {
    step.fail()
    if (error.tail?.some((line) => noConnection.test(line))) error.tail = []
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws SetupProblem when the environment in `folder` cannot do its work */
async function selfTest(folder) {
  const step = openStep('Self-test', 'running')
  try {
    await runPip(folder, ['check'], 'The new packages do not go together.')
    await runProgram(
      pythonIn(folder),
      ['-m', 'stemtools.self_test'],
      'The new environment did not pass its self-test.',
      {
        env: {
          ...{ PYTHONPATH: join(root, 'python'), PYTHONHOME: undefined, NODE_RUNTIME: nodeRuntime() },
          ...Object.fromEntries(
            ['SOURCES', 'YTDLP_ARGS', 'YTDLP_POT_PROVIDER'].map((key) => [key, setting(key)]),
          ),
        },
      },
    )
  } catch (error) {
    step.fail()
    throw error
  }
  step.end('passed')
}

/** Puts the newest yt-dlp that fits to use; when that does not work, throws a SetupProblem and nothing has changed. */
export async function updateDownloader(args) {
  const { nightly, locked } = readOptions(args)
  endWithSignals()
  await exclusively(async () => {
    const before = versionIn(inUse, 'yt_dlp')
    if (!locked && (await findNewer(nightly, before)).length === 0) {
      say(`yt-dlp ${before} is the newest that fits.`)
      return
    }
    const slot = freeSlot(name)
    try {
      await makeEnvironment({ name, folder: slot })
      if (!locked) {
        await installStep('yt-dlp', 'installing', (step) =>
          pipInstall({ name, folder: slot }, step, 3, wantedPackages(nightly)),
        )
      }
      await selfTest(slot)
    } catch (error) {
      rmSync(slot, { recursive: true, force: true })
      error.message += ` yt-dlp ${before} stays in use.`
      throw error
    }
    turnTo(name, slot)
    say(
      `yt-dlp ${before} → ${versionIn(slot, 'yt_dlp')}, from the next download on; nothing has to be restarted.`,
    )
  })
  return 0
}
