// The command line as a person uses it: real processes, the real tools, an embedded PostgreSQL, all in a folder of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'
import { killNaming, killTree } from './processes.ts'
import { until } from './until.ts'

const CLONE = join(import.meta.dirname, '../..')
export const SONG = join(CLONE, 'examples/song.flac')
export const PYTHON = join(CLONE, '.venv/separate/bin/python')

export type Run = {
  child: ChildProcess
  pid: number
  stdout: () => string
  stderr: () => string
  ended: Promise<number | null>
}

export async function createCommandLine(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sound-forge-cli-'))
  await chmod(folder, 0o755) // as root, PostgreSQL's account has to pass
  const models = join(folder, 'models')
  execFileSync(PYTHON, [join(CLONE, 'python/tests/tiny_model.py'), models], {
    env: { ...process.env, PYTHONPATH: join(CLONE, 'python') },
    stdio: 'pipe',
  })
  const dataDir = join(folder, 'data')
  const runs: Run[] = []
  const settings = {
    ...process.env,
    DATABASE_URL: '',
    DATA_DIR: dataDir,
    MODEL: 'tiny',
    MODEL_REPO: models,
    // What the set-up has compiled: a first import of librosa costs half a minute.
    NUMBA_CACHE_DIR: resolve(CLONE, process.env['DATA_DIR'] ?? '.data', 'cache/numba'),
    SFA_CWD: folder,
    HF_HUB_OFFLINE: '1',
    ...env,
  }
  const start = (args: string[], more: Record<string, string> = {}): Run => {
    const main = join(CLONE, 'src/main.ts')
    const child = spawn(process.execPath, [main, ...args], {
      cwd: CLONE,
      env: { ...settings, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const ended = once(child, 'close').then(([code]) => code as number | null)
    const run = { child, pid: child.pid ?? 0, stdout: () => stdout, stderr: () => stderr, ended }
    runs.push(run)
    return run
  }
  afterAll(async () => {
    for (const run of runs)
      if (run.pid && run.child.exitCode === null && run.child.signalCode === null) killTree(run.pid)
    killNaming(dataDir)
    await rm(folder, { recursive: true, force: true })
  })
  const saw = (run: Run, words: RegExp) => until(() => words.test(run.stderr()), 60)
  return { folder, dataDir, env: settings, start, saw }
}
