// npm run update-downloader in a copy of the project's layout, with wheels from a folder: real pip, real environments, no network.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { killNaming } from './support/processes.ts'
import { until } from './support/until.ts'

const CLONE = join(import.meta.dirname, '..')
const PYTHON = join(realpathSync(join(CLONE, '.venv/download')), 'bin/python')

/** Environments are made, which is slow beside other tests. */
const LIMIT = 400_000
const project = realpathSync(mkdtempSync(join(tmpdir(), 'sound-forge-update-')))
const inUse = join(project, '.venv/download')
const wheels = join(project, 'wheels')
const requirements = join(project, 'python/requirements')
const lock = join(requirements, 'download.txt')
afterAll(() => {
  killNaming(project)
  rmSync(project, { recursive: true, force: true })
})

/** All that set-up looks at is there and current, so that the command only does its own work. */
function layOut() {
  for (const folder of ['.venv/separate/bin', 'node_modules', 'python/requirements'])
    mkdirSync(join(project, folder), { recursive: true })
  cpSync(join(CLONE, 'scripts'), join(project, 'scripts'), { recursive: true })
  symlinkSync(join(CLONE, 'python/stemtools'), join(project, 'python/stemtools'))
  for (const file of ['package.json', 'package-lock.json', 'python/requirements/separate.txt'])
    copyFileSync(join(CLONE, file), join(project, file))
  copyFileSync(join(CLONE, '.venv/separate/.set-up'), join(project, '.venv/separate/.set-up'))
  symlinkSync(PYTHON, join(project, '.venv/separate/bin/python'))
  writeFileSync(join(project, 'node_modules/.set-up'), sha256(join(project, 'package-lock.json')))
  execFileSync(PYTHON, [join(CLONE, 'test/support/downloader_wheels.py'), wheels])
  copyFileSync(join(wheels, 'download.txt'), lock)
  const spotdl = /^spotdl==.*$/m.exec(
    readFileSync(join(CLONE, 'python/requirements/download.in'), 'utf8'),
  )?.[0]
  writeFileSync(join(requirements, 'download.in'), `${spotdl}\n`)
}

/** Runs the command with the wheels of some folders to choose from. */
function update(folders: string[], args: string[] = [], more: Record<string, string> = {}) {
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(PIP|YTDLP)_|^SOURCES$/.test(name)),
    ),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_INDEX: '1',
    PIP_NO_COMPILE: '1',
    PIP_FIND_LINKS: folders.map((folder) => join(wheels, folder)).join(' '),
    ...more,
  }
  const child = spawn(process.execPath, ['scripts/run.mjs', 'update-downloader', ...args], {
    cwd: project,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return { child, said: () => said, ended: once(child, 'close').then(([code]) => code as number | null) }
}

/** Whether set-up has nothing to do. */
function isReady() {
  const code = `import { environmentIsReady } from './scripts/setup/environments.mjs'
    console.log(environmentIsReady('download', { dev: false }))`
  const args = ['--input-type=module', '-e', code]
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }).trim() === 'true'
}

/** What a tool that starts now gets. */
function versionInUse() {
  const code = 'import importlib.metadata; print(importlib.metadata.version("yt-dlp"))'
  return execFileSync(join(inUse, 'bin/python'), ['-c', code], { encoding: 'utf8' }).trim()
}

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

/** The environment as set-up made it before there were slots: a folder. */
function makeOldEnvironment() {
  execFileSync(PYTHON, ['-m', 'venv', '--without-pip', inUse])
  const python = readdirSync(join(inUse, 'lib'))[0] ?? ''
  const lent = realpathSync(join(CLONE, '.venv/download/lib', python, 'site-packages'))
  writeFileSync(join(inUse, 'lib', python, 'site-packages/lent.pth'), `${lent}\n`) // pip as well
  const options = ['--ignore-installed', '--no-deps', '--no-compile', '--quiet', '--no-index']
  const from = ['--find-links', join(wheels, 'locked'), '-r', lock]
  execFileSync(join(inUse, 'bin/python'), ['-m', 'pip', 'install', ...options, ...from])
  writeFileSync(join(inUse, '.set-up'), sha256(lock))
}

layOut()
makeOldEnvironment()
const lockedVersion = /yt-dlp==(\S+)/.exec(readFileSync(lock, 'utf8'))?.[1] ?? ''
const newer = `${lockedVersion}.1`

test('killed half-way it changes nothing; the next run ends it, in the place of a folder of before', {
  timeout: LIMIT,
}, async () => {
  const killed = update(['locked', 'works'])
  await until(() => existsSync(join(project, '.venv/download-a/bin/python')), 60)
  killed.child.kill('SIGKILL')
  await killed.ended
  expect(versionInUse()).toBe(lockedVersion)

  const run = update(['locked', 'works'])
  expect(await run.ended, run.said()).toBe(0)
  expect(run.said()).toContain(`yt-dlp ${lockedVersion} → ${newer}`)
  expect(readlinkSync(inUse)).toBe('download-a')
  expect(versionInUse()).toBe(newer)
})

test('set-up takes the newer one for current, until the lock changes, and ends a turn that was cut off', {
  timeout: LIMIT,
}, async () => {
  renameSync(inUse, `${inUse}.next`)
  const again = update(['locked', 'works'])
  expect(await again.ended, again.said()).toBe(0)
  expect(again.said()).toContain(`yt-dlp ${newer} is the newest that fits`)
  expect(versionInUse()).toBe(newer)
  expect(isReady()).toBe(true)
  const text = readFileSync(lock, 'utf8')
  writeFileSync(lock, `${text}# changed\n`)
  expect(isReady()).toBe(false)
  writeFileSync(lock, text)
})

test('a newer one that fails its self-test leaves everything as it was', { timeout: LIMIT }, async () => {
  const run = update(['locked', 'broken'])
  expect(await run.ended).toBe(1)
  expect(run.said()).toContain("yt-dlp does not accept this project's Node.")
  expect(run.said()).toContain(
    `The new environment did not pass its self-test. yt-dlp ${newer} stays in use.`,
  )
  expect(versionInUse()).toBe(newer)
  expect(readlinkSync(inUse)).toBe('download-a')
  expect(existsSync(join(project, '.venv/download-b'))).toBe(false)
})

test('without network it says so in one sentence', async () => {
  const nowhere = { PIP_NO_INDEX: '0', PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '1' }
  const run = update([], [], nowhere)
  expect(await run.ended).toBe(1)
  expect(run.said().trim().split('\n')).toEqual([
    expect.stringMatching(/looking for a newer one/),
    `No newer yt-dlp could be looked for, and ${newer} stays in use: check the connection to the package index and run the same command again.`,
  ])
  expect(versionInUse()).toBe(newer)
})

test('--locked goes back; tools that start meanwhile, and one that runs all the time, miss nothing', {
  timeout: LIMIT,
}, async () => {
  const early = spawn(join(realpathSync(inUse), 'bin/python'), ['-c', 'input(); import yt_dlp'])
  const earlyEnded = once(early, 'exit')
  const run = update(['locked'], ['--locked'])
  const versions = new Set<string>()
  while (run.child.exitCode === null) {
    versions.add(versionInUse())
    await new Promise(setImmediate)
  }
  expect(await run.ended, run.said()).toBe(0)
  expect([...versions.add(versionInUse())]).toEqual([newer, lockedVersion])
  early.stdin.end('\n')
  expect(await earlyEnded).toEqual([0, null])
})

test('what it does not know it explains', async () => {
  const run = update([], ['--newest'])
  expect(await run.ended).toBe(2)
  expect(run.said()).toMatch(/^Usage: npm run update-downloader/)
})
