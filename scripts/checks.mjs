// npm test and npm run check: every part runs, also after one has failed; the last line sums up.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonOf } from './setup/environments.mjs'
import { root } from './setup/root.mjs'
import { nodeRuntime } from './setup/runtime.mjs'

const packageFile = (path) => join(root, 'node_modules', path)
const pythonFolder = join(root, 'python')

/** Runs one part and shows how long it took; true when it exits with 0. */
function passes(title, command, args, options = {}) {
  const startedAt = Date.now()
  console.log(`\n── ${title}`)
  const env = { ...process.env, ...options.env }
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
    env,
  })
  if (error) console.log(error.message)
  console.log(
    `${status === 0 ? 'ok' : 'FAILED'}: ${title} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`,
  )
  return status === 0
}

const node = (title, path, ...args) => passes(title, nodeRuntime(), [packageFile(path), ...args])
const ruff = (title, ...args) =>
  passes(title, pythonOf('separate'), ['-m', 'ruff', ...args, '.'], { cwd: pythonFolder })

/** Types, style and import rules; each counts as one. */
function staticChecks() {
  const results = [
    node('types (tsc)', 'typescript/bin/tsc', '--noEmit'),
    node('types of the pages (tsc)', 'typescript/bin/tsc', '--noEmit', '-p', 'src/pages'),
    node('style (biome)', '@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
    node(
      'import rules (dependency-cruiser)',
      'dependency-cruiser/bin/dependency-cruiser.mjs',
      'commands',
      'src',
    ),
    ruff('Python lint (ruff)', 'check', '--no-cache'),
    ruff('Python style (ruff)', 'format', '--check', '--no-cache'),
  ]
  return {
    passed: results.filter(Boolean).length,
    failed: results.filter((result) => !result).length,
    skipped: 0,
  }
}

/** A part that failed without a failed test (a file that did not load, no test at all) counts as one failure. */
function counted({ passed, failed, skipped }, ok) {
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped }
}

function vitest(folder, filter) {
  const report = join(folder, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const ok = node('tests (vitest)', 'vitest/vitest.mjs', 'run', ...reporters, ...filter)
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    return counted(
      { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests },
      ok,
    )
  } catch {
    return counted({ passed: 0, failed: 0, skipped: 0 }, false)
  }
}

/** Beside another; what it says is shown when it has ended. */
async function pytest(folder, environment, ...tests) {
  const report = join(folder, `${environment}.xml`)
  const said = join(folder, `${environment}.log`)
  const title = `Python tests (pytest, ${environment})`
  const startedAt = Date.now()
  const output = openSync(said, 'w')
  const child = spawn(
    pythonOf(environment),
    ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`, ...tests],
    {
      cwd: pythonFolder,
      env: { ...process.env, PYTHONPATH: '', PYTHONHOME: undefined },
      stdio: ['ignore', output, output],
    },
  )
  const ended = await once(child, 'close').catch((error) => [error.message])
  const ok = ended[0] === 0
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  console.log(`\n── ${title}\n${readFileSync(said, 'utf8')}${ok ? 'ok' : 'FAILED'}: ${title} (${seconds} s)`)
  try {
    const suite = readFileSync(report, 'utf8').match(/<testsuite [^>]*>/)[0]
    const count = (name) => Number(suite.match(new RegExp(` ${name}="(\\d+)"`))[1])
    const failed = count('failures') + count('errors')
    const skipped = count('skipped')
    return counted({ passed: count('tests') - failed - skipped, failed, skipped }, ok)
  } catch {
    return counted({ passed: 0, failed: 0, skipped: 0 }, false)
  }
}

/** Prints the sums as the last line; the exit code. */
function conclude(parts) {
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0)
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`)
  return sum('failed') === 0 ? 0 : 1
}

/** Everything; with arguments only the tests that vitest picks by them. */
export async function testEverything(args) {
  const folder = mkdtempSync(join(tmpdir(), 'sfa-test-'))
  try {
    if (args.length > 0) return conclude([vitest(folder, args)])
    const parts = [staticChecks(), vitest(folder, [])]
    // One computes, the other waits.
    const python = await Promise.all([
      pytest(folder, 'separate', 'tests', '--ignore=tests/download'),
      pytest(folder, 'download', 'tests/download'),
    ])
    return conclude([...parts, ...python])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function checkEverything() {
  return conclude([staticChecks()])
}
