// compose.yaml, read, with its variables filled in as from a .env that was made as deploy/compose.env.example says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { CLONE } from './operations.ts'

export type Service = {
  image: string
  build?: { target: string; args?: Record<string, string> }
  user?: string
  entrypoint?: string[]
  command?: string[]
  environment?: Record<string, string>
  env_file?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  volumes?: string[]
  ports?: string[]
  secrets?: string[]
  profiles?: string[]
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  stop_grace_period?: string
  restart?: string
  network_mode?: string
}

export const SOURCE = readFileSync(join(CLONE, 'compose.yaml'), 'utf8')

/** What the example asks for, filled in. */
export function exampleEnv(): Record<string, string> {
  const lines = readFileSync(join(CLONE, 'deploy/compose.env.example'), 'utf8').split('\n')
  return Object.fromEntries(
    lines
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])
      .map(([name, value]) => [name, value || (/SECRET|PASSWORD/.test(name) ? 'a1b2c3d4e5f6a7b8c9' : '')]),
  )
}

/** @throws where a variable has neither a value nor a default */
export function readCompose(): {
  services: Record<string, Service>
  volumes: Record<string, unknown>
  secrets: Record<string, { environment: string }>
} {
  const env = exampleEnv()
  const filled = SOURCE.replace(
    /\$\{(\w+)(?:(:[-?])([^}]*))?\}/g,
    (_, name: string, kind?: string, rest = '') => {
      const value = env[name]
      if (value) return value
      if (kind === ':-') return rest
      throw new Error(`${name} is not set`)
    },
  )
  // Two are one that is meant as such.
  return parse(filled.replaceAll('$$', '$'), { merge: true })
}
