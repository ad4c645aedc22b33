// Asks a Python tool one thing: started for it, its last line is the answer, as JSON.
import { execa } from 'execa'
import type { Settings } from '../config.ts'
import { pythonCommand, toolEnvironment } from './tools.ts'

/** @throws whatever keeps the tool from answering within `timeoutSeconds` */
export async function askPython(
  settings: Settings,
  environment: 'separate' | 'download',
  module: string,
  args: string[],
  timeoutSeconds: number,
): Promise<unknown> {
  const env = toolEnvironment(settings, process.env)
  const command = pythonCommand(environment, module, args, env)
  const { stdout } = await execa(command.file, command.args, {
    cwd: command.cwd,
    env,
    extendEnv: false,
    timeout: timeoutSeconds * 1000,
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
