// The commands the bot has registered: what Discord accepts as one, and what a person can then type.
import { type Issue, invalidForm, issue } from './errors.ts'
import type { Json, World } from './world.ts'

export const OPTION = {
  subcommand: 1,
  group: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  number: 10,
  attachment: 11,
} as const

export type Option = {
  type: number
  name: string
  description: string
  required?: boolean
  autocomplete?: boolean
  choices?: { name: string; value: string | number }[]
  options?: Option[]
  min_value?: number
  max_value?: number
  min_length?: number
  max_length?: number
  file_types?: string[]
}
export type Command = {
  id: string
  type: number
  name: string
  description: string
  options?: Option[]
  contexts: number[] | null
  integration_types: number[]
  default_member_permissions: string | null
  [key: string]: unknown
}

const NAME = /^[-_'\p{L}\p{N}\p{Script=Devanagari}\p{Script=Thai}]{1,32}$/u
const MAX = { 1: 100, 2: 15, 3: 15 } as Record<number, number>

/** What the set of commands becomes. Ids stay with a type and name. @throws 50035 */
export function registered(world: World, before: Command[], bodies: Json[]): Command[] {
  const issues: Issue[] = []
  const seen = new Set<string>()
  const count: Record<number, number> = {}
  bodies.forEach((body, at) => {
    const type = Number(body['type'] ?? 1)
    const key = `${type} ${body['name']}`
    count[type] = (count[type] ?? 0) + 1
    if (seen.has(key))
      issues.push(
        issue([at], 'APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique'),
      )
    seen.add(key)
    issues.push(...wrongCommand(body, type, [at]))
  })
  for (const [type, number] of Object.entries(count))
    if (number > (MAX[Number(type)] ?? 100))
      issues.push(issue([], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX[Number(type)]} or fewer in length.`))
  if (issues.length > 0) throw invalidForm(issues)
  return bodies.map((body) => {
    const type = Number(body['type'] ?? 1)
    const old = before.find((one) => one.type === type && one.name === body['name'])
    const { options, default_member_permissions, ...rest } = body
    return {
      dm_permission: true,
      contexts: null,
      integration_types: [0],
      nsfw: false,
      ...withoutNulls(rest),
      id: old?.id ?? world.newId(),
      application_id: world.applicationId,
      version: world.newId(),
      type,
      name: String(body['name']),
      description: String(body['description'] ?? ''),
      default_member_permissions:
        default_member_permissions === undefined || default_member_permissions === null
          ? null
          : String(default_member_permissions),
      ...(Array.isArray(options) && options.length > 0
        ? { options: options.map(withoutNulls) as Option[] }
        : {}),
    }
  })
}

/** Also in what lies inside. */
function withoutNulls(value: unknown): Json {
  return JSON.parse(JSON.stringify(value), (_key, inner) => (inner === null ? undefined : inner)) as Json
}

function wrongCommand(body: Json, type: number, at: (string | number)[]): Issue[] {
  const issues: Issue[] = []
  const name = String(body['name'])
  const description = body['description']
  const options = (body['options'] ?? []) as Option[]
  if (type === 1) {
    issues.push(...wrongName(name, [...at, 'name']))
    if (!description)
      issues.push(issue([...at, 'description'], 'BASE_TYPE_REQUIRED', 'This field is required'))
    issues.push(...wrongOptions(options, [...at, 'options']))
  } else {
    const path = [...at, description ? 'description' : 'options']
    if (description || options.length > 0)
      issues.push(
        issue(path, 'APPLICATION_COMMAND_INVALID_FIELD', 'Context menu commands have no such field'),
      )
  }
  if (sizeOf(body) > 8000)
    issues.push(issue(at, 'APPLICATION_COMMAND_TOO_LARGE', 'Command exceeds maximum size of 8000 characters'))
  return issues
}

function wrongName(name: string, path: (string | number)[]): Issue[] {
  if (NAME.test(name) && name === name.toLowerCase()) return []
  return [issue(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid')]
}

function wrongOptions(options: Option[], path: (string | number)[]): Issue[] {
  const issues: Issue[] = []
  const names = new Set<string>()
  let optionalSeen = false
  const nests = options.filter((one) => one.type <= OPTION.group).length
  if (nests > 0 && nests < options.length)
    issues.push(
      issue(
        path,
        'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
        'Sub-command and other options cannot be mixed',
      ),
    )
  options.forEach((option, n) => {
    const at = [...path, n]
    issues.push(...wrongName(option.name, [...at, 'name']))
    if (names.has(option.name)) {
      const message = 'Option names must be unique'
      issues.push(issue(at, 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS', message))
    }
    names.add(option.name)
    if (option.type <= OPTION.group) {
      issues.push(...wrongOptions(option.options ?? [], [...at, 'options']))
      return
    }
    if (option.required && optionalSeen) {
      const message = 'Required options must be placed before non-required options'
      issues.push(issue(at, 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', message))
    }
    optionalSeen ||= !option.required
    if (option.autocomplete && (option.choices?.length ?? 0) > 0) {
      const message = 'Choices cannot be used with autocomplete'
      issues.push(issue([...at, 'choices'], 'APPLICATION_COMMAND_OPTIONS_CHOICES_WITH_AUTOCOMPLETE', message))
    }
    const choices = option.choices ?? []
    for (const key of ['name', 'value'] as const)
      if (new Set(choices.map((one) => one[key])).size < choices.length) {
        const message = 'Option choice names and values must be unique'
        issues.push(
          issue([...at, 'choices'], 'APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS', message),
        )
      }
    for (const [m, choice] of choices.entries())
      if (option.type === OPTION.string && String(choice.value).length > 100)
        issues.push(
          issue([...at, 'choices', m, 'value'], 'BASE_TYPE_MAX_LENGTH', 'Must be 100 or fewer in length.'),
        )
  })
  return issues
}

/** Names, descriptions and values of a command; of translations the longest counts. */
function sizeOf(one: Json): number {
  const longest = (text: unknown, translations: unknown) =>
    Math.max(
      String(text ?? '').length,
      ...Object.values((translations ?? {}) as Json).map((each) => String(each).length),
    )
  const own =
    longest(one['name'], one['name_localizations']) +
    longest(one['description'], one['description_localizations'])
  const choices = ((one['choices'] ?? []) as Json[]).reduce(
    (sum, each) => sum + longest(each['name'], each['name_localizations']) + String(each['value']).length,
    0,
  )
  return own + choices + ((one['options'] ?? []) as Json[]).reduce((sum, each) => sum + sizeOf(each), 0)
}

/** What Discord's app would not let a person send is an error of the test. */
export function typed(
  commands: Command[],
  path: string,
  values: Record<string, unknown>,
  focused?: string,
): { command: Command; options: Json[] } {
  const [name, ...below] = path.split(' ')
  const command = commands.find((one) => one.type === 1 && one.name === name)
  if (!command) throw new Error(`no such command is registered: /${path}`)
  let offered = command.options ?? []
  const nest: Option[] = []
  for (const step of below) {
    const found = offered.find((one) => one.type <= OPTION.group && one.name === step)
    if (!found) throw new Error(`/${path}: no sub-command ${step}`)
    nest.push(found)
    offered = found.options ?? []
  }
  if (offered.some((one) => one.type <= OPTION.group)) throw new Error(`/${path} needs a sub-command`)
  for (const key of Object.keys(values))
    if (!offered.some((one) => one.name === key)) throw new Error(`/${path} has no option ${key}`)
  let options: Json[] = offered.flatMap((option) => {
    const value = values[option.name]
    if (value === undefined) {
      if (option.required && !focused) throw new Error(`/${path} needs ${option.name}`)
      return []
    }
    if (option.name !== focused) mustFitOption(option, value)
    const isFocused = option.name === focused ? { focused: true } : {}
    return [{ name: option.name, type: option.type, value, ...isFocused }]
  })
  if (focused && !offered.some((one) => one.name === focused && one.autocomplete))
    throw new Error(`/${path}: ${focused} has no autocomplete`)
  for (const step of nest.reverse()) options = [{ name: step.name, type: step.type, options }]
  return { command, options }
}

function mustFitOption(option: Option, value: unknown): void {
  const fail = (why: string) => new Error(`option ${option.name}: ${why} (${JSON.stringify(value)})`)
  switch (option.type) {
    case OPTION.string: {
      if (typeof value !== 'string') throw fail('not a text')
      const length = [...value].length
      if (length < (option.min_length ?? 0) || length > (option.max_length ?? 6000)) throw fail('length')
      break
    }
    case OPTION.integer:
    case OPTION.number:
      if (typeof value !== 'number' || (option.type === OPTION.integer && !Number.isInteger(value)))
        throw fail('not such a number')
      if (value < (option.min_value ?? -Infinity) || value > (option.max_value ?? Infinity))
        throw fail('range')
      break
    case OPTION.boolean:
      if (typeof value !== 'boolean') throw fail('neither true nor false')
      break
    default:
      if (typeof value !== 'string') throw fail('not an id')
  }
  if (option.choices?.length && !option.choices.some((one) => one.value === value)) throw fail('not a choice')
}

/** @throws where Discord's app would not offer the command */
export function mustBeOffered(
  command: Command,
  where: { inDirectMessages: boolean; hasBot: boolean; permissions: bigint },
): void {
  const context = where.inDirectMessages ? 1 : 0
  if (command.contexts && !command.contexts.includes(context))
    throw new Error(`${command.name} is not offered in ${context ? 'direct messages' : 'guilds'}`)
  if (!where.hasBot && !command.integration_types.includes(1))
    throw new Error(`${command.name} is not offered where the bot is not a member`)
  const needs = BigInt(command.default_member_permissions ?? '0')
  if (!where.inDirectMessages && (where.permissions & needs) !== needs)
    throw new Error(`${command.name} is not offered without the permissions ${needs}`)
}
