// Runs npm, pip and the like for the set-up: quietly, with the end of what they said kept for a failure.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { forgetChild, noteChild } from './exclusive.mjs'
import { SetupProblem } from './problem.mjs'
import { root } from './root.mjs'

const tailLines = 12
const secretName = /TOKEN|SECRET|PASSW|AUTH|CREDENTIAL|PRIVATE|_KEY|APIKEY|DATABASE_URL/i
const secrets = Object.entries(process.env)
  .filter(([name, value]) => secretName.test(name) && value.length >= 6)
  .map(([, value]) => value)

/** Takes secrets of the environment and passwords in addresses out of a line. */
export function redact(line) {
  const clean = line.replace(/\/\/[^/@\s]+@/g, '//***@')
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), clean)
}

let running = null

function stop(signal, exitCode) {
  running?.kill(signal)
  process.exit(exitCode)
}

/** Lets Ctrl-C and kill end the program that is running as well. */
export function endWithSignals() {
  process.on('SIGINT', () => stop('SIGINT', 130))
  process.on('SIGTERM', () => stop('SIGTERM', 143))
  process.on('SIGHUP', () => stop('SIGHUP', 129))
}

/**
 * Runs a program to its end, with nothing on its stdin.
 * @param failure the sentence for the person when it fails
 * @param options `onLine` gets each line it prints; `env` is added to the environment
 */
export async function runProgram(command, args, failure, { onLine = () => {}, env = {} } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  const tail = []
  const take = (line) => {
    if (/^(npm error)?\s*$|^WARNING: Location/.test(line)) return
    tail.push(redact(line))
    if (tail.length > tailLines) tail.shift()
    onLine(line)
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take)
  if (child.pid) noteChild(child.pid)
  try {
    const exitCode = await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (exitCode !== 0) throw new SetupProblem(failure, { tail })
  } catch (error) {
    if (error instanceof SetupProblem) throw error
    throw new SetupProblem(failure, { tail: [error.message] })
  } finally {
    running = null
    forgetChild()
  }
}
