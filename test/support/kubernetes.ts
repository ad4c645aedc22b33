// deploy/kubernetes, read: the files of a kustomization, and what kustomize makes of it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { CLONE, findProgram, runProgram } from './operations.ts'

export const FOLDER = join(CLONE, 'deploy/kubernetes')
/** With kustomize built in. */
export const kubectl = findProgram('kubectl')

export type Kustomization = {
  kind: string
  resources?: string[]
  components?: string[]
  patches?: { path: string }[]
  images?: { name: string }[]
  configMapGenerator?: { name: string; literals: string[]; behavior?: string }[]
}
type Named = { name: string }
export type Container = Named & {
  image: string
  env?: { name: string; value: string }[]
  envFrom: { configMapRef?: Named; secretRef?: Named }[]
  ports: { name: string; containerPort: number }[]
  volumeMounts: { name: string; mountPath: string }[]
  securityContext: Record<string, unknown>
} & Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', { httpGet: { path: string; port: string } }>
export type Resource = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: of many kinds; schemas are held against it elsewhere
  spec: any
  data?: Record<string, string>
  stringData?: Record<string, string>
}

export const readKustomization = (name: string): Kustomization =>
  parse(readFileSync(join(FOLDER, name, 'kustomization.yaml'), 'utf8'))

export const filesIn = (name: string) =>
  readdirSync(join(FOLDER, name)).filter((file) => file !== 'kustomization.yaml')

export function resourcesOf(text: string): Resource[] {
  return parseAllDocuments(text).map((document) => document.toJS())
}

export const readResources = (path: string) => resourcesOf(readFileSync(join(FOLDER, path), 'utf8'))

/** What kubectl would apply. */
export const build = (name: string) => runProgram(kubectl ?? '', ['kustomize', join(FOLDER, name)])
