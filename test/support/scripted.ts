// How the scripted tool is started in place of the real ones.
import { join } from 'node:path'
import type { Commands } from '../../src/tools/tools.ts'

export const MODELS = [{ name: 'starter', weights: 'aaaa1111' }]

export function scriptedCommands(scriptDir: string): Commands {
  return (name) => ({
    file: 'python3',
    args: ['-S', '-E', join(import.meta.dirname, 'scripted_tool.py'), name, scriptDir],
    cwd: scriptDir,
    env: { PATH: process.env['PATH'] ?? '' },
  })
}
