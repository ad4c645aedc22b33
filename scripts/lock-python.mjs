// Makes python/requirements/*.txt from the *.in files beside them, and checks that every pinned package has a
// wheel for each supported system and Python. Run it by hand after changing an *.in file, with the names of the locks to
// make (all, where none is named); --check makes none.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPython } from './setup/python.mjs'
import { root } from './setup/root.mjs'

const uvVersion = '0.13.9'
// Resolved in this order: a development lock builds on the lock of its environment.
const locks = ['separate', 'download', 'separate-dev', 'download-dev', 'operations']
const platforms = ['x86_64-manylinux_2_28', 'aarch64-manylinux_2_28', 'aarch64-apple-darwin']
const pythonVersions = ['3.11', '3.12', '3.13']
const systemsMarker =
  /platform_machine == 'arm64' and sys_platform == 'darwin' or \(platform_machine == 'aarch64' or platform_machine == 'x86_64'\) and sys_platform == 'linux'|\(\(platform_machine == 'arm64' and sys_platform == 'darwin'\) or \(platform_machine == 'aarch64' and sys_platform == 'linux'\) or \(platform_machine == 'x86_64' and sys_platform == 'linux'\)\)/
const torchParts = /^(nvidia-|cuda-|triton==|torch==)/

const pythonFolder = join(root, 'python')
const uvFolder = join(root, '.venv', 'lock')
const uv = join(uvFolder, 'bin', 'uv')

function installUv() {
  if (existsSync(uv) && execFileSync(uv, ['--version'], { encoding: 'utf8' }).includes(uvVersion)) return
  execFileSync(findPython().path, ['-m', 'venv', '--clear', uvFolder], { stdio: 'inherit' })
  execFileSync(join(uvFolder, 'bin', 'pip'), ['install', '--quiet', `uv==${uvVersion}`], {
    stdio: ['ignore', 2, 2],
  })
}

/** Runs uv; torch and PyAV need macOS 14. */
function runUv(args) {
  return execFileSync(uv, args, {
    cwd: pythonFolder,
    encoding: 'utf8',
    env: { ...process.env, MACOSX_DEPLOYMENT_TARGET: '14.0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The blocks of a requirements file: one pinned package with its hashes each. */
function blocks(text) {
  return text.split(/\n(?=\S)/).filter((block) => /^[a-z0-9]/i.test(block))
}

const nameOf = (block) => block.slice(0, block.indexOf('=='))

/** Drops the marker that holds on every supported system, so that only true conditions are left. */
function simplifyMarker(block) {
  const [head, ...hashes] = block.trimEnd().split('\n')
  const simple = head
    .replace(systemsMarker, '')
    .replace(/ and (?= *\\?$)/, '')
    .replace(/ ; *(?=\\?$)/, ' ')
    .replace(/ +\\$/, ' \\')
  return [simple, ...hashes].join('\n')
}

function compile(name) {
  const text = runUv([
    ...['pip', 'compile', '--quiet', '--universal', '--fork-strategy', 'fewest', '--python-version', '3.11'],
    ...['--no-build', '--generate-hashes', '--no-header', '--no-annotate', `requirements/${name}.in`],
  ])
  const base = name.endsWith('-dev')
    ? blocks(readFileSync(join(pythonFolder, 'requirements', `${name.replace('-dev', '')}.txt`), 'utf8')).map(
        nameOf,
      )
    : []
  const kept = blocks(text).filter((block) => !torchParts.test(block) && !base.includes(nameOf(block)))
  const header = `# Made by scripts/lock-python.mjs from ${name}.in. Do not edit.\n`
  writeFileSync(
    join(pythonFolder, 'requirements', `${name}.txt`),
    `${header}${kept.map(simplifyMarker).join('\n')}\n`,
  )
  console.log(`${name}.txt: ${kept.length} packages`)
}

/** A dry installation: is there a wheel that fits? (A lock holds the hashes of all files of a version.) */
function check(name, platform, pythonVersion) {
  const target = mkdtempSync(join(tmpdir(), 'sfa-lock-'))
  try {
    runUv([
      ...[
        'pip',
        'install',
        '--quiet',
        '--dry-run',
        '--target',
        target,
        '--no-deps',
        '--require-hashes',
        '--no-build',
      ],
      ...['--python-platform', platform, '--python-version', pythonVersion, '-r', `requirements/${name}.txt`],
    ])
    console.log(`${name}.txt: every wheel is there for ${platform}, Python ${pythonVersion}`)
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

const named = process.argv.slice(2).filter((argument) => argument !== '--check')
const asked = named.length > 0 ? locks.filter((name) => named.includes(name)) : locks
installUv()
if (!process.argv.includes('--check')) for (const name of asked) compile(name)
for (const name of asked)
  for (const platform of platforms) for (const version of pythonVersions) check(name, platform, version)
