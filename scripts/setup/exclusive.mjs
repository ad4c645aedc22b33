// One set-up at a time in a clone. The lock is a file that names its holder; a dead holder's lock is taken over,
// but only after the program it had started (npm, pip) has gone too: that one would still be writing.
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { say } from './progress.mjs'
import { root } from './root.mjs'

const folder = join(root, '.venv')
const lockFile = join(folder, 'setup.lock')
const childFile = join(folder, 'setup.child')
const pollMilliseconds = 200

/** When a process started, as its system tells it: a process id alone may have been given to another since. */
function startOf(pid) {
  try {
    if (process.platform === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return fields[0] === 'Z' ? null : fields[19]
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    return null
  }
}

const identity = (pid) => `${pid} ${startOf(pid)}`

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function lives(line) {
  const [pid, ...start] = (line ?? '').split(' ')
  return pid !== '' && start.length > 0 && startOf(Number(pid)) === start.join(' ')
}

function tryLock() {
  const own = `${lockFile}.${process.pid}`
  writeFileSync(own, identity(process.pid))
  try {
    linkSync(own, lockFile) // a link appears complete or not at all
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

/** Removes a dead holder's lock; a lock that somebody took meanwhile is put back. */
function removeStaleLock(stale) {
  const aside = `${lockFile}.stale.${process.pid}`
  try {
    renameSync(lockFile, aside)
    if (read(aside) !== stale) linkSync(aside, lockFile)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Notes the program that the set-up is running now. */
export function noteChild(pid) {
  writeFileSync(childFile, identity(pid))
}

export function forgetChild() {
  rmSync(childFile, { force: true })
}

/** Runs `work` while no other set-up runs in this clone. */
export async function exclusively(work) {
  mkdirSync(folder, { recursive: true })
  let told = false
  while (!tryLock()) {
    const holder = read(lockFile)
    if (holder !== null && !lives(holder) && !lives(read(childFile))) {
      removeStaleLock(holder)
      continue
    }
    if (!told) say('Another set-up is running in this folder: waiting for it.')
    told = true
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
  try {
    return await work()
  } finally {
    rmSync(lockFile, { force: true })
  }
}
