import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SetupProblem } from './problem.mjs'
import { runProgram } from './program.mjs'
import { installStep } from './progress.mjs'
import { root } from './root.mjs'
import { nodeRuntime } from './runtime.mjs'

const folder = join(root, 'node_modules')
const stampFile = join(folder, '.set-up') // npm ci removes it first, so half an installation has none
const lockFile = join(root, 'package-lock.json')
// A person's npm settings may say otherwise; nothing here needs an install script.
const fixedSettings = [
  ...['--ignore-scripts', '--include=prod', '--include=dev', '--include=optional', '--include=peer'],
  ...['--no-audit', '--no-fund', '--no-global', '--location=project', '--install-strategy=hoisted'],
  ...['--engine-strict=false', '--package-lock=true', '--dry-run=false', '--loglevel=error'],
]

const wantedStamp = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex')

export function packagesAreReady() {
  try {
    return readFileSync(stampFile, 'utf8') === wantedStamp() && nodeRuntime() !== null
  } catch {
    return false
  }
}

/** The npm that runs this script, else the one beside this Node or on the path. */
function npmCommand() {
  const running = process.env.npm_execpath
  if (running && basename(running) === 'npm-cli.js' && existsSync(running)) return [process.execPath, running]
  try {
    execFileSync('npm', ['--version'], { cwd: root, stdio: 'ignore' })
    return ['npm']
  } catch {
    throw new SetupProblem('npm is missing: install Node.js with npm, version 20 or newer.', { exitCode: 2 })
  }
}

function installedCount() {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}

export async function installPackages() {
  const [command, ...args] = npmCommand()
  const stamp = wantedStamp()
  const packages = Object.entries(JSON.parse(readFileSync(lockFile, 'utf8')).packages)
  // As many entries as node_modules will have: nested and scoped packages share one.
  const names = packages
    .filter(([, entry]) => !entry.os || entry.os.includes(process.platform))
    .map(([path]) => path.split('/')[1])
  const total = new Set(names).size
  await installStep('npm packages', `installing ${packages.length - 1}`, async (step) => {
    const timer = setInterval(() => step.update(Math.min(installedCount() / total, 0.99)), 200)
    try {
      await runProgram(
        command,
        [...args, 'ci', ...fixedSettings],
        'The npm packages could not be installed: check the connection to the package registry and run the same command again.',
      )
    } finally {
      clearInterval(timer)
    }
    if (nodeRuntime() === null) {
      throw new SetupProblem(
        'No Node.js 24 came with the npm packages: allow optional packages in the npm settings, or install Node.js 24.',
      )
    }
    writeFileSync(stampFile, stamp)
  })
}
