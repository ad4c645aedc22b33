// The two Python environments, .venv/separate and .venv/download, from their hashed locks. An environment without
// its stamp is half made: it is made anew (pip keeps what it downloaded).
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './program.mjs'
import { installStep } from './progress.mjs'
import { findPython } from './python.mjs'
import { root } from './root.mjs'

// By itself and without a hash: the wheel for a CPU and the one for a GPU are different files.
const torch = 'torch==2.13.0'
const downloadedShare = 0.6 // of the bar; the rest is unpacking

const folderOf = (name) => join(root, '.venv', name)
export const pythonOf = (name) => join(folderOf(name), 'bin', 'python')
const lockOf = (name) => join(root, 'python', 'requirements', `${name}.txt`)
const stampFileOf = (name, part) => join(folderOf(name), `.${part}`)

function wantedStamp(lockName) {
  const hash = createHash('sha256').update(readFileSync(lockOf(lockName)))
  if (lockName === 'separate') hash.update(torch)
  return hash.digest('hex')
}

/** Whether a part of an environment is as its lock says: `set-up` for the tools, `dev` for what tests add. */
function isInstalled(name, part) {
  try {
    const lockName = part === 'dev' ? `${name}-dev` : name
    return (
      readFileSync(stampFileOf(name, part), 'utf8') === wantedStamp(lockName) && existsSync(pythonOf(name))
    )
  } catch {
    return false
  }
}

export const environmentIsReady = (name, { dev }) =>
  isInstalled(name, 'set-up') && (!dev || isInstalled(name, 'dev'))

function distributionCount(name) {
  try {
    const lib = join(folderOf(name), 'lib')
    const versionFolder = readdirSync(lib).find((entry) => entry.startsWith('python'))
    return readdirSync(join(lib, versionFolder, 'site-packages')).filter((entry) =>
      entry.endsWith('.dist-info'),
    ).length
  } catch {
    return 0
  }
}

/** Runs pip with a bar that first follows its downloads, then what it unpacks. */
async function pipInstall(name, step, expected, args) {
  const before = distributionCount(name)
  let collected = 0
  let detail = ''
  const show = () => {
    const downloaded = Math.min(collected / expected, 1)
    const unpacked = Math.min((distributionCount(name) - before) / expected, 1)
    step.update(downloaded * downloadedShare + unpacked * (1 - downloadedShare), detail)
  }
  const timer = setInterval(show, 300)
  try {
    await runProgram(
      pythonOf(name),
      ['-m', 'pip', 'install', '--no-input', '--progress-bar=off', '--only-binary=:all:', ...args],
      `The Python packages for "${name}" could not be installed: check the connection to the package index and the free disk space, and run the same command again.`,
      {
        env: {
          // What a person's pip settings may say, and what would go wrong here.
          ...{ PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_DEPS: '0', PIP_REQUIRE_HASHES: '0' },
          ...{ PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore', PIP_QUIET: '0' },
          ...{ PYTHONHOME: undefined, PYTHONPATH: undefined, PYTHONDONTWRITEBYTECODE: undefined },
        },
        onLine(line) {
          if (/^\s*Collecting /.test(line)) collected += 1
          if (/^\s*(Collecting|Downloading|Using cached|Installing) /.test(line)) {
            detail = line
              .trim()
              .split(' (')[0]
              .replace(/^(\w+) \S*\//, '$1 ')
          }
        },
      },
    )
  } finally {
    clearInterval(timer)
  }
}

const lockedCount = (lockName) => readFileSync(lockOf(lockName), 'utf8').match(/^[a-z0-9].*==/gim).length

const fromLock = (lockName) => ['--no-deps', '--require-hashes', '-r', lockOf(lockName)]

async function makeEnvironment(name, python) {
  const stamp = wantedStamp(name)
  await installStep(`Python for "${name}"`, `making it with Python ${python.version}`, async (step) => {
    rmSync(folderOf(name), { recursive: true, force: true })
    await runProgram(
      python.path,
      ['-m', 'venv', folderOf(name)],
      `Python ${python.version} could not make an environment: check the free disk space, and on Debian and Ubuntu run apt install python${python.version}-venv.`,
      { env: { PYTHONHOME: undefined, PYTHONPATH: undefined } },
    )
    if (name === 'separate') await pipInstall(name, step, 12, [process.env.TORCH_SPEC || torch])
    await pipInstall(name, step, lockedCount(name), fromLock(name))
    writeFileSync(stampFileOf(name, 'set-up'), stamp)
  })
}

async function addDevelopmentPackages(name) {
  const lockName = `${name}-dev`
  const stamp = wantedStamp(lockName)
  await installStep(`Tests for "${name}"`, 'installing', async (step) => {
    await pipInstall(name, step, lockedCount(lockName), fromLock(lockName))
    writeFileSync(stampFileOf(name, 'dev'), stamp)
  })
}

export async function prepareEnvironments({ dev }) {
  for (const name of ['separate', 'download']) {
    if (!isInstalled(name, 'set-up')) await makeEnvironment(name, findPython())
    if (dev && !isInstalled(name, 'dev')) await addDevelopmentPackages(name)
  }
}
