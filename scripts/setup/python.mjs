import { execFileSync } from 'node:child_process'
import { SetupProblem } from './problem.mjs'

// The person's own python3 first, then the newest.
const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11']
const question = `
import importlib.util, platform, struct, sys
has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(sys.version_info[0], sys.version_info[1], sys.implementation.name, struct.calcsize("P") * 8,
      int(has_venv), sys.executable, sep="\\t")
`

/** Asks a Python what it is; null when it does not run (a version manager's empty shim, say). */
function ask(command) {
  try {
    const answer = execFileSync(command, ['-c', question], {
      encoding: 'utf8',
      env: pythonEnvironment(process.env),
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    })
    const [major, minor, implementation, bits, hasVenv, path] = answer.trimEnd().split('\t')
    const fits = major === '3' && minor >= 11 && minor <= 13 && implementation === 'cpython' && bits === '64'
    return { version: `${major}.${minor}`, fits, hasVenv: hasVenv === '1', path }
  } catch {
    return null
  }
}

/** The environment for a Python of ours: no foreign modules, whatever the person has set. */
function pythonEnvironment(env) {
  const { PYTHONHOME, PYTHONPATH, PYTHONSTARTUP, ...rest } = env
  return rest
}

/** Finds a Python from 3.11 to 3.13 that can make environments. */
export function findPython() {
  const found = candidates.map(ask).filter((python) => python !== null)
  const fitting = found.filter((python) => python.fits)
  const usable = fitting.find((python) => python.hasVenv)
  if (usable) return usable
  const incomplete = fitting[0]
  if (incomplete) {
    throw new SetupProblem(
      `Python ${incomplete.version} is here without its venv module: install it (on Debian and Ubuntu: apt install python${incomplete.version}-venv).`,
      { exitCode: 2 },
    )
  }
  const seen = [...new Set(found.map((python) => python.version))].join(', ')
  throw new SetupProblem(
    `Python 3.11, 3.12 or 3.13 is needed${seen ? `, and only ${seen} was found` : ' and none was found'}: install one of them as python3.`,
    { exitCode: 2 },
  )
}
