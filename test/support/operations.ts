// Programs that check how everything is run: those of .venv/operations, and those that a machine may have.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { readSettings, type Settings, settingsSchema } from '../../src/config.ts'

export const CLONE = join(import.meta.dirname, '../..')

/** @param program of .venv/operations, by its name, or by where it lies elsewhere @throws what it said, unless it ended with 0 */
export function runProgram(program: string, args: string[], input = ''): string {
  const file = program.includes('/') ? program : join(CLONE, '.venv/operations/bin', program)
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: CLONE,
    encoding: 'utf8',
    input,
    maxBuffer: 1 << 26,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

/** Where a program of the machine's own lies, such as kubectl. */
export function findProgram(name: string): string | undefined {
  const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
  return stdout.trim() || undefined
}

/** What the program makes of the environment that a process of it is given. @throws for a name that is no setting, and for a value that is none */
export function settingsOf(env: Record<string, string>): Settings {
  const unknown = Object.keys(env).filter(
    (name) => !Object.hasOwn(settingsSchema.shape, name) && !BESIDES.has(name),
  )
  if (unknown.length > 0) throw new Error(`no settings: ${unknown.join(', ')}`)
  return readSettings(env, '/app')
}

/** What Node and Python read themselves. */
const BESIDES = new Set(['NODE_ENV', 'PYTHONDONTWRITEBYTECODE'])

/** Of a stop: from the last second of GRACE_SECONDS to when the process has gone. */
export const STOPPING_SECONDS = 20
