// docs/deploy.md, held against what it tells of: its links, and its numbers.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCompose } from '../support/compose.ts'
import { readResources } from '../support/kubernetes.ts'
import { CLONE } from '../support/operations.ts'

const FOLDER = join(CLONE, 'docs')
const manual = readFileSync(join(FOLDER, 'deploy.md'), 'utf8')

test('every link leads somewhere', () => {
  const headings = [...manual.matchAll(/^## (.+)$/gm)].map(
    ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
  )
  for (const [, target = ''] of manual.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith('#')) expect(headings).toContain(target)
    else if (!target.startsWith('https://')) expect(existsSync(join(FOLDER, target)), target).toBe(true)
  }
})

test('the seconds that a stop gives, and the numbers of pods, are as the files say', () => {
  const { worker } = readCompose().services
  expect(manual).toContain(`running jobs get ${worker?.environment?.['GRACE_SECONDS']} s`)
  const unit = readFileSync(join(CLONE, 'deploy/systemd/sound-forge-worker.service'), 'utf8')
  expect(manual).toContain(`after \`GRACE_SECONDS\` (${/GRACE_SECONDS=(\d+)/.exec(unit)?.[1]})`)
  const pod = readResources('base/worker.yaml').find(({ kind }) => kind === 'Deployment')
  const [container] = pod?.spec.template.spec.containers ?? []
  expect(manual).toContain(`have \`GRACE_SECONDS\` (${container.env[0].value})`)
  const scaled = (path: string) => readResources(path).find(({ kind }) => kind === 'ScaledObject')?.spec
  const [cpu, gpu] = [scaled('base/scaling.yaml'), scaled('gpu/scaling.yaml')]
  expect(manual).toMatch(
    new RegExp(
      `for CPUs go from ${cpu.minReplicaCount} to ${cpu.maxReplicaCount}, those with a GPU from ${gpu.minReplicaCount} to ${gpu.maxReplicaCount}:`,
    ),
  )
  expect([cpu.pollingInterval, gpu.cooldownPeriod]).toEqual([10, 600])
})
