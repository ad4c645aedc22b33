// The Dockerfile, held against its linter and against the program: the tree as it lays it is started, beside a real database.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readImage, readStages } from '../support/dockerfile.ts'
import { freePort } from '../support/free-port.ts'
import { CLONE, runProgram, settingsOf } from '../support/operations.ts'
import { killTree } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { createDatabase } from '../support/world.ts'

const TARGETS = ['bot', 'worker'] as const

test('hadolint finds nothing in the Dockerfile', () => {
  expect(runProgram('hadolint', ['--failure-threshold', 'info', 'Dockerfile'])).toBe('')
})

test('the builder gets what is copied, and nothing else', async () => {
  const copied = readStages()
    .flatMap(({ instructions }) => instructions)
    .filter(({ name, text }) => name === 'COPY' && !text.includes('--from='))
    .flatMap(({ text }) => text.split(' ').slice(0, -1))
  const lines = (await readFile(join(CLONE, '.dockerignore'), 'utf8')).split('\n')
  expect(lines[1]).toBe('*')
  const let_in = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  expect(let_in.sort()).toEqual([...new Set(copied)].sort())
})

test.each(TARGETS)('%s runs as nobody in particular, and carries nothing to build with', (target) => {
  const { user, command, volumes } = readImage(target)
  expect(user).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/)
  expect(command[0]).toBe('/usr/bin/tini')
  expect(volumes).toEqual(['/data'])
  const installed = readStages()
    .filter(({ name }) => name === 'base' || name === target)
    .flatMap(({ instructions }) => instructions)
    .flatMap(({ text }) => /--no-install-recommends ([^&]+)/.exec(text)?.[1]?.trim().split(' ') ?? [])
  expect(new Set(installed)).toEqual(
    new Set(target === 'bot' ? ['ca-certificates', 'tini'] : ['ca-certificates', 'tini', 'python3']),
  )
})

describe('the tree as the images have it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-image-'))
  const url = await createDatabase()
  const children: ChildProcess[] = []
  afterAll(async () => {
    for (const child of children) if (child.pid && child.exitCode === null) killTree(child.pid)
    await rm(folder, { recursive: true, force: true })
  })

  test.each(TARGETS)(
    '%s starts in it, writes nowhere but in DATA_DIR, and ends when it is told to',
    async (target) => {
      const image = readImage(target)
      const app = join(folder, target, 'app')
      for (const { from, to } of image.copied) {
        await mkdir(dirname(join(app, to)), { recursive: true })
        await cp(join(CLONE, from), join(app, to), { recursive: true, filter: isCopied })
      }
      for (const { to } of image.made) await symlink(join(CLONE, to), join(app, to))
      const before = contents(app)
      const dataDir = join(folder, target, 'data')
      await mkdir(dataDir)
      const port = String(await freePort())
      const env: Record<string, string> = {
        ...image.env,
        DATABASE_URL: url,
        DATA_DIR: dataDir,
        MODEL: 'starter',
        ACCESS_SECRET: 'sixteen letters or more',
        LOG_LEVEL: 'info',
        [target === 'bot' ? 'PORT' : 'METRICS_PORT']: port,
      }
      expect(settingsOf(env).HOST).toBe('0.0.0.0')
      // Neither HOME nor anything else of ours: the node of the image stands for the one on its path.
      const [, , node, ...args] = image.command
      expect(node).toBe('node')
      const child = spawn(process.execPath, args, {
        cwd: app,
        env: { ...env, PATH: '/usr/bin:/bin' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      children.push(child)
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text
        })
      await until(() => /the (bot|worker) is up/.test(said) || child.exitCode !== null, 60)
      expect(said).toMatch(`the ${target} is up`)

      const [check, ...checkArgs] = image.healthcheck
      expect(check).toBe('node')
      const isHealthy = (env: Record<string, string>) =>
        spawnSync(process.execPath, checkArgs, { env, timeout: 20_000 }).status === 0
      expect(isHealthy(env)).toBe(true)
      expect(isHealthy({ PORT: '1', METRICS_PORT: '1' })).toBe(false)
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)

      child.kill('SIGTERM')
      const [code] = await once(child, 'exit')
      expect(code, said).toBe(0)
      expect(contents(app)).toEqual(before)
    },
  )
})

const isCopied = (path: string) => !path.endsWith('__pycache__')

/** Every path below a folder with when it was changed; what links lead to is not looked at. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules/') && !path.includes('.venv/'))
    .map((path) => `${path} ${lstatSync(join(folder, path)).mtimeMs}`)
    .sort()
}
