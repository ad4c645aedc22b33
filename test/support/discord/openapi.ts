// Discord's own description of its API, held against every answer this server gives and every body it gets.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Issue } from './errors.ts'

type Schema = { [key: string]: unknown }
type Description = {
  routes: Record<string, { answers: Record<string, Schema | null>; body?: Schema }>
  components: { schemas: Record<string, Schema> }
}

const { routes, components } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8'),
) as Description
const { schemas } = components

// Numbers are taken for ids and for permissions as well, and text for big numbers, whatever the description says.
schemas['SnowflakeType'] = { type: ['string', 'integer'], pattern: '^(0|[1-9][0-9]*)$' }
const command = schemas['ApplicationCommandUpdateRequest']?.['properties'] as Record<string, Schema>
command['default_member_permissions'] = { type: ['string', 'integer', 'null'], pattern: '^[0-9]+$' }

const nameIn = (ref: unknown) => String(ref).split('/').at(-1) ?? ''
const resolved = (branch: Schema): Schema =>
  branch['$ref'] ? (schemas[nameIn(branch['$ref'])] as Schema) : branch
const isNull = (branch: Schema) => branch['type'] === 'null'

/** The `type` values a branch is for. */
function kindsOf(branch: Schema): unknown[] | undefined {
  const properties = resolved(branch)['properties'] as Record<string, Schema> | undefined
  return properties?.['type']?.['enum'] as unknown[] | undefined
}

/** Unions become decisions, so that what is wrong is said about the one branch that was meant. */
function decided(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decided)
  if (typeof value !== 'object' || value === null) return value
  const schema = value as Schema
  const branches = (schema['oneOf'] ?? schema['anyOf']) as Schema[] | undefined
  if (!Array.isArray(branches))
    return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, decided(inner)]))
  const solid = branches.filter((branch) => !isNull(branch))
  const union = solid.length === 1 ? decided(solid[0]) : byKind(solid)
  return solid.length < branches.length ? when({ not: { type: 'null' } }, union) : union
}

const when = (condition: Schema, schema: unknown) =>
  Object.fromEntries([
    ['if', condition],
    ['then', schema],
  ])

function byKind(branches: Schema[]): unknown {
  const kinds = branches.map(kindsOf)
  if (kinds.some((one) => one === undefined)) return { anyOf: branches.map(decided) }
  return {
    type: 'object',
    properties: { type: { enum: kinds.flat() } },
    required: ['type'],
    allOf: branches.map((branch, at) =>
      when({ required: ['type'], properties: { type: { enum: kinds[at] } } }, decided(branch)),
    ),
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, verbose: true })
ajv.addSchema({ $id: 'discord', components: { schemas: decided(schemas) } })
const compiled = new Map<string, ValidateFunction>()

function validator(schema: Schema): ValidateFunction {
  const key = JSON.stringify(schema)
  const absolute = JSON.parse(key.replaceAll('"#/components/', '"discord#/components/')) as Schema
  const found = compiled.get(key) ?? ajv.compile(decidedRoot(absolute))
  compiled.set(key, found)
  return found
}

const decidedRoot = (schema: Schema) => decided(schema) as Schema

/** What is wrong with an answer of this server, if anything. */
export function wrongWithAnswer(route: string, status: number, body: unknown): string | undefined {
  const answers = routes[route]?.answers
  if (!answers) return `${route} is not described`
  if (!(status in answers)) return `${route} is not described to answer ${status}`
  const schema = answers[status]
  if (!schema) return body === undefined ? undefined : `${route} ${status} is described without a body`
  return wrongWith(schema, body)
}

export const wrongWithMessage = (message: unknown) =>
  wrongWith({ $ref: '#/components/schemas/MessageResponse' }, message)

function wrongWith(schema: Schema, value: unknown): string | undefined {
  const check = validator(schema)
  if (check(value)) return undefined
  const told = (check.errors ?? []).filter((error) => error.keyword !== 'if').slice(0, 5)
  return told
    .map((one) => `${one.instancePath || '/'} ${one.message} ${JSON.stringify(one.params)}`)
    .join('; ')
}

/** What a body's shape breaks, in Discord's words. */
export function issuesOf(route: string, body: unknown): Issue[] {
  let schema = routes[route]?.body
  if (!schema) return []
  // The second branch of a webhook's body is a part of the first.
  if (route === 'POST /webhooks/{webhook_id}/{webhook_token}')
    schema = (schema['anyOf'] as Schema[])[0] ?? schema
  const check = validator(schema)
  if (check(body)) return []
  const errors = (check.errors ?? []).filter((error) => !['if', 'anyOf', 'not'].includes(error.keyword))
  // Of several types it might have, the one that fits says what is wrong.
  const isBeside = (one: ErrorObject) =>
    errors.some((other) => other.keyword !== 'type' && other.instancePath.startsWith(one.instancePath))
  return errors.filter((one) => one.keyword !== 'type' || !isBeside(one)).map(toIssue)
}

/** Fields no body of this route knows. */
export function unknownFields(route: string, body: unknown): string[] {
  const schema = routes[route]?.body
  if (!schema || typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const known = new Set<string>()
  const collect = (one: Schema) => {
    const whole = resolved(one)
    for (const name of Object.keys((whole['properties'] as Schema | undefined) ?? {})) known.add(name)
    for (const key of ['oneOf', 'anyOf', 'allOf'])
      for (const branch of (whole[key] as Schema[]) ?? []) collect(branch)
  }
  collect(schema)
  return Object.keys(body).filter((name) => !known.has(name))
}

/** A wrong type or an unknown kind: what no real client sends, unlike a text that is too long. */
export const isClumsy = (issues: Issue[]) => issues.some((one) => /CONVERT|COERCE|FALSE/.test(one.code))

function toIssue({ keyword, instancePath, params, data, parentSchema }: ErrorObject): Issue {
  const path = instancePath.split('/').slice(1)
  const schema = (parentSchema ?? {}) as Record<string, number | undefined>
  const range = `Must be between ${schema['minLength'] ?? schema['minItems'] ?? 0} and ${
    schema['maxLength'] ?? schema['maxItems']
  } in length.`
  switch (keyword) {
    case 'required':
      return {
        path: [...path, String(params['missingProperty'])],
        code: 'BASE_TYPE_REQUIRED',
        message: 'This field is required',
      }
    case 'maxLength':
    case 'maxItems':
      if (schema['minLength'] || schema['minItems'])
        return { path, code: 'BASE_TYPE_BAD_LENGTH', message: range }
      return {
        path,
        code: 'BASE_TYPE_MAX_LENGTH',
        message: `Must be ${params['limit']} or fewer in length.`,
      }
    case 'minLength':
    case 'minItems':
      if (data === '') return { path, code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
      return { path, code: 'BASE_TYPE_BAD_LENGTH', message: range }
    case 'enum':
      return {
        path,
        code: 'BASE_TYPE_CHOICES',
        message: `Value must be one of {${(params['allowedValues'] as unknown[]).join(', ')}}.`,
      }
    case 'maximum':
      return {
        path,
        code: 'NUMBER_TYPE_MAX',
        message: `int value should be less than or equal to ${params['limit']}.`,
      }
    case 'minimum':
      return {
        path,
        code: 'NUMBER_TYPE_MIN',
        message: `int value should be greater than or equal to ${params['limit']}.`,
      }
    case 'type':
      if (/object/.test(String(params['type'])))
        return { path, code: 'DICT_TYPE_CONVERT', message: 'Only dictionaries may be used in this type' }
      if (/array/.test(String(params['type'])))
        return { path, code: 'LIST_TYPE_CONVERT', message: 'Only iterables may be used in this type.' }
      return { path, code: 'NUMBER_TYPE_COERCE', message: `Value "${data}" is not ${params['type']}.` }
    case 'pattern':
      return { path, code: 'NUMBER_TYPE_COERCE', message: `Value "${data}" is not snowflake.` }
    case 'uniqueItems':
      return { path, code: 'SET_TYPE_ALREADY_CONTAINS_VALUE', message: 'The set already contains the value' }
    default:
      return {
        path,
        code: `UNKNOWN_${keyword}`.toUpperCase(),
        message: `${keyword} ${JSON.stringify(params)}`,
      }
  }
}
