// The systemd units, held against systemd's own checks and against the program's settings.
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CLONE, findProgram, runProgram, STOPPING_SECONDS, settingsOf } from '../support/operations.ts'

const FOLDER = join(CLONE, 'deploy/systemd')
const UNITS = ['sound-forge-bot.service', 'sound-forge-worker.service']
const analyze = findProgram('systemd-analyze')
if (!analyze) console.warn('NO SYSTEMD: what systemd-analyze says of deploy/systemd is SKIPPED.')

/** In units of ours every name stands once, but for the filters and the environment. */
async function readUnit(name: string) {
  const lines = (await readFile(join(FOLDER, name), 'utf8')).split('\n').filter((line) => /^\w+=/.test(line))
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
  return { all, one: (key: string) => all(key)[0] ?? '' }
}

describe.each(UNITS)('%s', (name) => {
  test('starts the program with settings that it takes, and lets it end by itself', async () => {
    const { all, one } = await readUnit(name)
    const env = Object.fromEntries(
      all('Environment').flatMap((line) =>
        line.split(' ').map((pair) => pair.split('=') as [string, string]),
      ),
    )
    const settings = settingsOf(env)
    expect(settings.DATA_DIR).toBe(`/var/lib/${one('StateDirectory')}`)
    const role = /^sound-forge-(\w+)\.service$/.exec(name)?.[1]
    expect(one('ExecStart').replace(/^\S+ /, '')).toBe(
      `--disable-warning=ExperimentalWarning src/main.ts ${role}`,
    )
    expect(one('ExecStart')).toMatch(new RegExp(`^${one('WorkingDirectory')}/`))
    expect(Number.parseInt(one('TimeoutStopSec'), 10)).toBeGreaterThanOrEqual(
      settings.GRACE_SECONDS + STOPPING_SECONDS,
    )
    // Else the tools would be told to end as soon as the worker is.
    expect(one('KillMode')).toBe('mixed')
    expect(one('Restart')).toBe('always')
    expect(one('User')).not.toBe('root')
  })

  test.skipIf(!analyze)('is found right by systemd, and well shut in', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sound-forge-units-'))
    try {
      const units = join(root, 'etc/systemd/system')
      await mkdir(units, { recursive: true })
      for (const unit of UNITS) await cp(join(FOLDER, unit), join(units, unit))
      const { one } = await readUnit(name)
      const program = join(root, one('ExecStart').split(' ')[0] ?? '')
      await mkdir(dirname(program), { recursive: true })
      await writeFile(program, '#!/bin/sh\n')
      await chmod(program, 0o755)
      await cp('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), { recursive: true })
      const file = join(units, name)
      expect(
        runProgram(analyze ?? '', ['verify', '--root', root, '--recursive-errors=no', '--man=no', name]),
      ).toBe('')
      // From 0, shut in altogether, to 10.
      expect(runProgram(analyze ?? '', ['security', '--offline=true', '--threshold=20', file])).toContain(
        'OK',
      )
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })
})

test('the drop-in for a GPU opens the devices that the worker keeps shut', async () => {
  const worker = await readUnit('sound-forge-worker.service')
  const gpu = await readUnit('gpu.conf')
  expect([worker.one('PrivateDevices'), gpu.one('PrivateDevices')]).toEqual(['yes', 'no'])
  expect(settingsOf(Object.fromEntries(gpu.all('Environment').map((line) => line.split('=')))).DEVICE).toBe(
    'cuda',
  )
})
