// Runs the program under the Node that the set-up found, and ends as it ends.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { root } from './setup/root.mjs'
import { nodeRuntime } from './setup/runtime.mjs'

/** On a terminal Ctrl-C reaches the child by itself, as it is of the same process group. */
function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

/**
 * Runs a script with the TypeScript-capable Node.
 * @returns the exit code, 128 + the signal's number when a signal ended it
 */
export function launch(script, args) {
  const envFile = existsSync(join(root, '.env')) ? ['--env-file=.env'] : []
  const child = spawn(
    nodeRuntime(),
    ['--disable-warning=ExperimentalWarning', ...envFile, script, ...args],
    // Relative song paths are meant from where the person stands; npm changes to the clone first.
    { cwd: root, stdio: 'inherit', env: { ...process.env, SFA_CWD: process.env.INIT_CWD || process.cwd() } },
  )
  const forwardInterrupt = !hasTerminal()
  process.on('SIGINT', () => {
    if (forwardInterrupt) child.kill('SIGINT')
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
