// deploy/kubernetes, held against the schemas of Kubernetes and KEDA, against itself, and against the program and its database.
import { describe, expect, test } from 'vitest'
import { drainQueues, pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { readImage } from '../support/dockerfile.ts'
import {
  build,
  type Container,
  filesIn,
  kubectl,
  type Resource,
  readKustomization,
  readResources,
  resourcesOf,
} from '../support/kubernetes.ts'
import { runProgram, STOPPING_SECONDS, settingsOf } from '../support/operations.ts'
import { strangersIn } from '../support/round-trip.ts'
import { until } from '../support/until.ts'
import { createWorld } from '../support/world.ts'

const PARTS = ['base', 'gpu', 'monitoring', 'example']
const KEDA = ['ScaledObject', 'TriggerAuthentication']
const ANN = { platform: 'terminal', person: 'ann' }
if (!kubectl)
  console.warn(
    'NO KUBECTL: what kustomize makes of deploy/kubernetes is SKIPPED; its files are checked one by one.',
  )

test.each(PARTS)('the kustomization %s names the files that are there, and no others', (name) => {
  const { resources = [], patches = [], components = [] } = readKustomization(name)
  const named = [...resources, ...patches.map(({ path }) => path), ...components]
  expect(named.filter((one) => !one.startsWith('../')).sort()).toEqual(filesIn(name).sort())
  for (const other of named.filter((one) => one.startsWith('../'))) expect(PARTS).toContain(other.slice(3))
})

test('what a component changes is in the base, and whose images are named anew are used', () => {
  const base = readKustomization('base').resources?.flatMap((file) => readResources(`base/${file}`)) ?? []
  const added = readKustomization('gpu').resources?.flatMap((file) => readResources(`gpu/${file}`)) ?? []
  const keys = base.map(keyOf)
  for (const { path } of readKustomization('gpu').patches ?? [])
    for (const patch of readResources(`gpu/${path}`)) expect(keys).toContain(keyOf(patch))
  const images = [...base, ...added].flatMap(containersOf).map(({ image }) => image)
  expect(
    readKustomization('example')
      .images?.map(({ name }) => name)
      .sort(),
  ).toEqual(images.sort())
})

describe.skipIf(!kubectl).each(['base', 'example'])('what kustomize makes of %s', (name) => {
  const text = kubectl ? build(name) : ''
  const resources = kubectl ? resourcesOf(text) : []
  const all = (kind: string) => resources.filter((one) => one.kind === kind)
  const find = (kind: string, wanted: string) => all(kind).find(({ metadata }) => metadata.name === wanted)
  const deployments = all('Deployment')
  const config = all('ConfigMap')[0]
  const secret = readResources('secret.example.yaml')[0]

  test('is as the schemas of Kubernetes say, to the last property', () => {
    runProgram('kubernetes-validate', ['--strict', '--quiet', '--no-warn', '-'], text)
    const keda = resources.filter(({ kind }) => KEDA.includes(kind))
    expect(strangersIn(keda.map((document) => ({ type: document.kind, document })))).toEqual([])
  })

  test.each(deployments.map((one) => [one.metadata.name, one] as const))(
    '%s gets settings that the program takes',
    (_, deployment) => {
      const container = only(containersOf(deployment))
      const target = container.name
      const [configRef, secretRef] = container.envFrom
      expect(configRef?.configMapRef?.name).toBe(config?.metadata.name)
      expect(secretRef?.secretRef?.name).toBe(secret?.metadata.name)
      const env = {
        ...readImage(target).env,
        ...config?.data,
        ...secret?.stringData,
        ...Object.fromEntries(container.env?.map(({ name, value }) => [name, value]) ?? []),
      }
      const settings = settingsOf(env)
      const { template } = deployment.spec
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
        settings.GRACE_SECONDS + STOPPING_SECONDS,
      )
      const port = only(container.ports)
      expect(port.containerPort).toBe(target === 'bot' ? settings.PORT : settings.METRICS_PORT)
      expect(settings.HOST).toBe('0.0.0.0')
      for (const probe of [container.startupProbe, container.livenessProbe])
        expect(probe.httpGet).toEqual({ path: '/healthz', port: port.name })
      expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: port.name })
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([settings.DATA_DIR, '/tmp'])
      expect(container.volumeMounts.map(({ name }) => name)).toEqual(
        template.spec.volumes.map((one: { name: string }) => one.name),
      )
    },
  )

  test.each(deployments.map((one) => [one.metadata.name, one] as const))(
    '%s may do nothing that it need not',
    (_, deployment) => {
      const { spec } = deployment.spec.template
      const [user] = readImage(only(containersOf(deployment)).name).user.split(':')
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(user) })
      expect(only(containersOf(deployment)).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    },
  )

  test('selectors find the pods that they mean', () => {
    const pods = deployments.map(({ spec }) => spec.template.metadata.labels as Record<string, string>)
    const found = (labels: Record<string, string>) =>
      pods.filter((pod) => Object.entries(labels).every(([key, value]) => pod[key] === value)).length
    for (const { spec } of deployments) expect(found(spec.selector.matchLabels)).toBe(1)
    for (const { spec } of all('PodDisruptionBudget')) expect(found(spec.selector.matchLabels)).toBe(1)
    for (const { spec } of all('Service')) expect(found(spec.selector)).toBe(1)
    for (const { spec } of all('PodMonitor')) expect(found(spec.selector.matchLabels)).toBe(pods.length)
    const ports = deployments.flatMap(containersOf).flatMap(({ ports }) => ports.map(({ name }) => name))
    for (const { spec } of all('PodMonitor'))
      for (const endpoint of spec.podMetricsEndpoints) {
        expect(ports).toContain(endpoint.port)
        const { name: from, key } = endpoint.authorization.credentials
        expect([from, key in (secret?.stringData ?? {})]).toEqual([secret?.metadata.name, true])
      }
  })

  test('what is scaled has no number of its own, and is scaled once', () => {
    const targets = all('ScaledObject').map(({ spec }) => spec.scaleTargetRef.name as string)
    expect(targets.sort()).toEqual(
      deployments
        .map(({ metadata }) => metadata.name)
        .filter((one) => one !== 'bot')
        .sort(),
    )
    for (const target of targets) expect(find('Deployment', target)?.spec).not.toHaveProperty('replicas')
    expect(all('HorizontalPodAutoscaler')).toEqual([])
    for (const { spec } of all('ScaledObject'))
      for (const { authenticationRef } of spec.triggers) {
        const { secretTargetRef } = find('TriggerAuthentication', authenticationRef.name)?.spec ?? {}
        expect(secretTargetRef).toEqual([
          { parameter: 'connection', name: secret?.metadata.name, key: 'DATABASE_URL' },
        ])
      }
  })
})

describe('the number of workers', async () => {
  const world = await createWorld()
  const scaled = [
    ['base', 'worker'],
    ['gpu', 'worker-gpu'],
    ['gpu', 'worker'],
  ] as const
  /** The query of a pool, as the base or the component for GPUs has it. */
  const queryOf = (part: string, name: string): string => {
    const files = filesIn(part).flatMap((file) => readResources(`${part}/${file}`))
    return files.find(({ kind, metadata }) => kind === 'ScaledObject' && metadata.name === name)?.spec
      .triggers[0].metadata.query
  }
  const counts = async () => {
    const found: Record<string, number> = {}
    for (const [part, name] of scaled) {
      const [row] = await world.rows(queryOf(part, name))
      // One row with one number, as KEDA reads it.
      expect(Object.keys(row ?? {})).toHaveLength(1)
      found[`${part}/${name}`] = Number(Object.values(row ?? {})[0])
    }
    return found
  }

  test('follows what waits and what runs, and of a paused queue only what runs', async () => {
    await world.script({ download: [{ do: 'succeed' }], separate: [{ do: 'succeed', seconds: 600 }] })
    expect(await counts()).toEqual({ 'base/worker': 0, 'gpu/worker-gpu': 0, 'gpu/worker': 0 })
    await world.ask()
    await world.ask()
    expect(await counts()).toEqual({ 'base/worker': 2, 'gpu/worker-gpu': 0, 'gpu/worker': 2 })
    await pauseQueues(world.services.db, 'download', ANN)
    expect(await counts()).toEqual({ 'base/worker': 0, 'gpu/worker-gpu': 0, 'gpu/worker': 0 })
    await resumeQueues(world.services.db, 'download', ANN)
    await world.worker().decided
    await until(async () => (await counts())['gpu/worker-gpu'] === 2, 60)
    await until(async () => (await counts())['gpu/worker'] === 0, 60)
    await world.ask()
    await until(async () => (await counts())['gpu/worker-gpu'] === 3, 60)
    await until(async () => (await counts())['gpu/worker'] === 0, 60)
    await drainQueues(world.services.db, 'processing', ANN)
    expect(await counts()).toEqual({ 'base/worker': 2, 'gpu/worker-gpu': 2, 'gpu/worker': 0 })
  })
})

const keyOf = ({ kind, metadata }: Resource) => `${kind} ${metadata.name}`

function containersOf(resource: Resource): Container[] {
  return resource.kind === 'Deployment' ? resource.spec.template.spec.containers : []
}

function only<T>(list: T[]): T {
  const [one, ...others] = list
  if (one === undefined || others.length > 0) throw new Error(`${list.length} where one was meant`)
  return one
}
