// Runs a Python module of the bench or of the tests in the tools' environment.
import { join } from 'node:path'
import { execa } from 'execa'
import type { Settings } from '../src/config.ts'
import { pythonCommand, toolEnvironment } from '../src/tools/tools.ts'
import { CLONE } from './machine.ts'

export const SONG = join(CLONE, 'examples/song.flac')

/** @returns what it printed */
export async function runModule(settings: Settings, module: string, ...args: string[]): Promise<string> {
  const env = toolEnvironment(settings, process.env)
  const command = pythonCommand('separate', module, args, env)
  const { stdout } = await execa(command.file, command.args, { cwd: command.cwd, env, extendEnv: false })
  return stdout
}

/** Writes the first `seconds` of the example song. */
export async function cutSong(settings: Settings, file: string, seconds: number): Promise<string> {
  await runModule(settings, 'bench.cut', SONG, file, String(seconds))
  return file
}
