// The Python environments from their hashed locks: .venv/separate and .venv/download of the tools, and .venv/operations
// of what tests alone use. An environment without its stamp is half made: it is made anew (pip keeps what it downloaded).
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './program.mjs'
import { installStep } from './progress.mjs'
import { findPython } from './python.mjs'
import { root } from './root.mjs'
import { finishTurn, freeSlot, turnTo } from './slots.mjs'

// By itself and without a hash: the wheel for a CPU and the one for a GPU are different files.
const torch = 'torch==2.13.0'
const downloadedShare = 0.6 // of the bar; the rest is unpacking

const folderOf = (name) => join(root, '.venv', name)
export const pythonIn = (folder) => join(folder, 'bin', 'python')
export const pythonOf = (name) => pythonIn(folderOf(name))
const lockOf = (name) => join(root, 'python', 'requirements', `${name}.txt`)
const stampFileIn = (folder, part) => join(folder, `.${part}`)

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
      readFileSync(stampFileIn(folderOf(name), part), 'utf8') === wantedStamp(lockName) &&
      existsSync(pythonOf(name))
    )
  } catch {
    return false
  }
}

export const environmentIsReady = (name, { dev }) =>
  isInstalled(name, 'set-up') && (!dev || isInstalled(name, 'dev'))

/** What is installed in an environment, as `name-version`. */
function distributions(folder) {
  try {
    const lib = join(folder, 'lib')
    const versionFolder = readdirSync(lib).find((entry) => entry.startsWith('python'))
    return readdirSync(join(lib, versionFolder, 'site-packages'))
      .filter((entry) => entry.endsWith('.dist-info'))
      .map((entry) => entry.slice(0, -'.dist-info'.length))
  } catch {
    return []
  }
}

/** The version of a distribution, named with underscores, in an environment. */
export function versionIn(folder, distribution) {
  const found = distributions(folder).find((entry) => entry.startsWith(`${distribution}-`))
  return found?.slice(distribution.length + 1)
}

/** Runs pip in the environment in `folder`; `failure` is the sentence for the person. */
export function runPip(folder, args, failure, onLine) {
  return runProgram(pythonIn(folder), ['-m', 'pip', ...args], failure, {
    env: {
      // What a person's pip settings may say, and what would go wrong here.
      ...{ PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_DEPS: '0', PIP_REQUIRE_HASHES: '0' },
      ...{ PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore', PIP_QUIET: '0' },
      ...{ PYTHONHOME: undefined, PYTHONPATH: undefined, PYTHONDONTWRITEBYTECODE: undefined },
    },
    onLine,
  })
}

/** Installs with a bar that first follows pip's downloads, then what it unpacks. */
export async function pipInstall({ name, folder }, step, expected, args) {
  const before = distributions(folder).length
  let collected = 0
  let detail = ''
  const show = () => {
    const downloaded = Math.min(collected / expected, 1)
    const unpacked = Math.min((distributions(folder).length - before) / expected, 1)
    step.update(downloaded * downloadedShare + unpacked * (1 - downloadedShare), detail)
  }
  const timer = setInterval(show, 300)
  try {
    await runPip(
      folder,
      ['install', '--no-input', '--progress-bar=off', '--only-binary=:all:', ...args],
      `The Python packages for "${name}" could not be installed: check the connection to the package index and the free disk space, and run the same command again.`,
      (line) => {
        if (/^\s*Collecting /.test(line)) collected += 1
        if (/^\s*(Collecting|Downloading|Using cached|Installing) /.test(line)) {
          detail = line
            .trim()
            .split(' (')[0]
            .replace(/^(\w+) \S*\//, '$1 ')
        }
      },
    )
  } finally {
    clearInterval(timer)
  }
}

const lockedCount = (lockName) => readFileSync(lockOf(lockName), 'utf8').match(/^[a-z0-9].*==/gim).length

const fromLock = (lockName) => ['--no-deps', '--require-hashes', '-r', lockOf(lockName)]

/** From the usual index, where Linux x64 gets the build for CUDA, or from TORCH_INDEX_URL, which has the one for a CPU too. */
function torchRequirement() {
  const index = process.env.TORCH_INDEX_URL
  return [...(index ? ['--index-url', index] : []), process.env.TORCH_SPEC || torch]
}

/** Makes an environment as its lock says, in `folder`, whatever was there. */
export async function makeEnvironment({ name, folder }) {
  const python = findPython()
  const stamp = wantedStamp(name)
  await installStep(`Python for "${name}"`, `making it with Python ${python.version}`, async (step) => {
    rmSync(folder, { recursive: true, force: true })
    await runProgram(
      python.path,
      ['-m', 'venv', folder],
      `Python ${python.version} could not make an environment: check the free disk space, and on Debian and Ubuntu run apt install python${python.version}-venv.`,
      { env: { PYTHONHOME: undefined, PYTHONPATH: undefined } },
    )
    if (name === 'separate') await pipInstall({ name, folder }, step, 12, torchRequirement())
    await pipInstall({ name, folder }, step, lockedCount(name), fromLock(name))
    writeFileSync(stampFileIn(folder, 'set-up'), stamp)
  })
}

async function addDevelopmentPackages(name) {
  const lockName = `${name}-dev`
  const stamp = wantedStamp(lockName)
  const folder = folderOf(name)
  await installStep(`Tests for "${name}"`, 'installing', async (step) => {
    await pipInstall({ name, folder }, step, lockedCount(lockName), fromLock(lockName))
    writeFileSync(stampFileIn(folder, 'dev'), stamp)
  })
}

/** Tools of "download" may be running, and start at any time; the large "separate" has no room for two. */
async function prepareTools(name) {
  if (name === 'separate') return makeEnvironment({ name, folder: folderOf(name) })
  finishTurn(name)
  if (isInstalled(name, 'set-up')) return
  const slot = freeSlot(name)
  await makeEnvironment({ name, folder: slot })
  turnTo(name, slot)
}

export async function prepareEnvironments({ dev }) {
  for (const name of ['separate', 'download']) {
    if (!isInstalled(name, 'set-up')) await prepareTools(name)
    if (dev && !isInstalled(name, 'dev')) await addDevelopmentPackages(name)
  }
  if (dev && !isInstalled('operations', 'set-up'))
    await makeEnvironment({ name: 'operations', folder: folderOf('operations') })
}
