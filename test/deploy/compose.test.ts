// compose.yaml, held against the format's schema and against the program's own settings.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { settingsSchema } from '../../src/config.ts'
import { exampleEnv, readCompose, type Service, SOURCE } from '../support/compose.ts'
import { readImage } from '../support/dockerfile.ts'
import { CLONE, runProgram, STOPPING_SECONDS, settingsOf } from '../support/operations.ts'

const { services, volumes, secrets } = readCompose()
const OURS = Object.entries(services).filter(([, { build }]) => build)

test('it is as the schema of the compose specification says', () => {
  expect(runProgram('check-jsonschema', ['--builtin-schema', 'vendor.compose-spec', 'compose.yaml'])).toMatch(
    /^ok/,
  )
})

test('every variable is one of the example, and every line of the example is a variable or a setting', () => {
  const variables = [...SOURCE.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
  const inExample = Object.keys(exampleEnv())
  expect(inExample).toEqual(expect.arrayContaining(variables))
  const used = [
    ...variables,
    ...Object.keys(settingsSchema.shape),
    ...Object.values(secrets).map(({ environment }) => environment),
  ]
  expect(used).toEqual(expect.arrayContaining(inExample))
})

describe.each(OURS)('%s', (name, service) => {
  const target = service.build?.target ?? ''

  test('gets settings that the program takes', () => {
    // As env_file hands them on: a setting that is empty counts as unset.
    const file = Object.fromEntries(
      Object.entries(exampleEnv()).filter(([key]) => key in settingsSchema.shape),
    )
    const tokens = { ...file, DISCORD_APPLICATION_ID: '', DISCORD_TOKEN: '' }
    const settings = settingsOf({ ...readImage(target).env, ...tokens, ...service.environment })
    expect(settings).toMatchObject({ HOST: '0.0.0.0', DATA_DIR: '/data', FILES: 's3://sound-forge' })
    expect(settings.WORKER_QUEUES).toHaveLength(name === 'worker-gpu' ? 1 : 5)
    expect(new URL(settings.DATABASE_URL ?? '').hostname in services).toBe(true)
    expect(new URL(settings.AWS_ENDPOINT_URL ?? '').hostname in services).toBe(true)
    expect(secondsOf(service.stop_grace_period)).toBeGreaterThanOrEqual(
      settings.GRACE_SECONDS + STOPPING_SECONDS,
    )
  })

  test('may do nothing that it need not', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      env_file: ['.env'],
    })
    const writable = service.volumes?.map((volume) => volume.split(':')[1])
    expect(writable).toEqual([readImage(target).env['DATA_DIR']])
  })
})

test('only this machine reaches what is published', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? [])
  expect(ports).toContain('127.0.0.1:4747:4747')
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
  expect(readImage('bot').env['PORT']).toBe('4747')
})

describe.each(Object.entries(services))('%s', (name, service) => {
  test('names an image of one version, or one that is built', () => {
    if (service.build) expect(service.image).toMatch(/^sound-forge-/)
    else expect(service.image).toMatch(/:v?\d+[\w.-]*$/)
  })

  test('waits for what it stands on', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const awaited = services[other] as Service
      if (condition === 'service_healthy') expect(awaited.healthcheck).toBeDefined()
      else expect([condition, awaited.restart]).toEqual(['service_completed_successfully', 'no'])
    }
    const isOneShot = service.restart === 'no'
    // Docker's own HEALTHCHECK where we have built the image.
    expect(isOneShot || service.build !== undefined || service.healthcheck !== undefined, name).toBe(true)
  })

  test('finds its volumes and secrets', () => {
    for (const volume of service.volumes ?? []) {
      const from = volume.split(':')[0] ?? ''
      expect(from.startsWith('.') ? existsSync(join(CLONE, from)) : from in volumes, from).toBe(true)
    }
    for (const secret of service.secrets ?? []) {
      expect(secrets).toHaveProperty(secret)
      // Docker cannot put a secret that comes from the environment into a read-only container.
      expect(service.read_only).not.toBe(true)
    }
  })
})

function secondsOf(duration = '10s'): number {
  const [, count, unit] = /^(\d+)(s|m)$/.exec(duration) ?? []
  return Number(count) * (unit === 'm' ? 60 : 1)
}
