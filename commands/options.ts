// A command's options, read off its schema: as a list for whoever has to describe them, and from what was given. Pure.
import { z } from 'zod'
import { UserError } from '../src/errors.ts'

export type Option = {
  name: string
  description: string
  type: 'text' | 'integer' | 'choice' | 'file'
  required: boolean
  choices: string[]
  /** Of a choice: the one that is taken when none is given. */
  default: string | null
  /** Of a text that is a list separated by commas: what it chooses among. */
  list: string[]
  /** Of an integer. */
  min: number | null
  max: number | null
  /** Of a text, in UTF-16 units. */
  minLength: number | null
  maxLength: number | null
  /** Whether the command completes what is typed. */
  suggests: boolean
}
/** A command, whatever its options are. */
type Described = {
  name: string
  options: z.ZodObject
  file: string | null
  examples: Record<string, string | number>[]
  suggest: object
}

/** How the people of a platform write a command. */
export type Spelling = {
  command(name: string): string
  /** An option as it is given. @param first whether it is the command's first */
  option(name: string, value: string, first: boolean): string
  /** An option as the usage shows it; null where it is not written. */
  usage(option: Option, first: boolean): string | null
  /** How the command is found on a message with a file; null where the file is an option. */
  onMessage(name: string): string | null
}

/** `/name option:value` */
export const COLON_SPELLING: Spelling = {
  command: (name) => `/${name}`,
  option: (name, value) => `${name}:${value}`,
  usage(option) {
    const usage = option.type === 'file' ? option.name : `${option.name}:${placeholder(option)}`
    return option.required ? usage : `[${usage}]`
  },
  onMessage: () => null,
}

const NONE = {
  choices: [],
  default: null,
  list: [],
  min: null,
  max: null,
  minLength: null,
  maxLength: null,
  suggests: false,
}

/** The required ones first, the file last. */
export function describeOptions(command: Described): Option[] {
  const { properties = {}, required = [] } = z.toJSONSchema(command.options, { io: 'input' })
  const options = Object.entries(properties).map(([name, schema]): Option => {
    if (typeof schema === 'boolean') throw new Error(`${command.name}: the option ${name} takes anything`)
    const about = {
      ...NONE,
      name,
      description: schema.description ?? '',
      required: required.includes(name),
      suggests: Object.hasOwn(command.suggest, name),
    }
    if (schema.enum) {
      const initial = schema.default === undefined ? null : String(schema.default)
      return { ...about, type: 'choice', choices: schema.enum.map(String), default: initial }
    }
    if (schema.type === 'integer')
      return { ...about, type: 'integer', min: schema.minimum ?? null, max: schema.maximum ?? null }
    if (schema.type === 'string') {
      const { minLength = null, maxLength = null } = schema
      const list = Array.isArray(schema['list']) ? schema['list'].map(String) : []
      return { ...about, type: 'text', minLength, maxLength, list }
    }
    throw new Error(`${command.name}: no platform can offer the option ${name}`)
  })
  const file: Option[] =
    command.file === null
      ? []
      : [{ ...NONE, name: 'file', description: command.file, type: 'file', required: false }]
  return [...options.filter((one) => one.required), ...options.filter((one) => !one.required), ...file]
}

/**
 * Checks what was given by name, as typed or as the platform has read it; the file is not among it.
 * @throws UserError `bad_usage`, naming the option and what it takes
 */
export function parseOptions<Schema extends z.ZodObject>(
  command: Described & { options: Schema },
  given: Record<string, unknown>,
): z.infer<Schema> {
  const options = describeOptions(command).filter(({ type }) => type !== 'file')
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue
    const option = options.find((one) => one.name === name)
    if (!option) throw unknownOption(name, options)
    values[name] = option.type === 'integer' ? asInteger(value) : value
  }
  const parsed = command.options.safeParse(values)
  if (parsed.success) return parsed.data as z.infer<Schema>
  const issue = parsed.error.issues[0]
  const option = options.find(({ name }) => name === issue?.path[0])
  throw new UserError('bad_usage', option && issue ? `${option.name}: ${allowed(option, issue)}.` : undefined)
}

/** How the command is written, then its examples. */
export function usageOf(command: Described, spelling: Spelling): string[] {
  const options = describeOptions(command)
  const start = spelling.command(command.name)
  const usage = options.map((option, index) => spelling.usage(option, index === 0))
  const examples = command.examples.map((example) =>
    Object.entries(example).map(([name, value]) =>
      spelling.option(name, String(value), name === options[0]?.name),
    ),
  )
  return [usage.filter((one) => one !== null), ...examples].map((written) => [start, ...written].join(' '))
}

/** What stands for a value in the usage. */
export function placeholder({ type, choices, list }: Option): string {
  if (list.length > 1) return `${list[0]},${list[1]},…`
  if (type === 'choice') return choices.join('|')
  return type === 'integer' ? '<number>' : '<text>'
}

/** 12 from `12` and `#12`; anything else as it is, for the schema to refuse. */
function asInteger(value: unknown): unknown {
  const digits = typeof value === 'string' ? /^\s*#?(\d{1,16})\s*$/.exec(value)?.[1] : undefined
  return digits === undefined ? value : Number(digits)
}

function allowed({ type, description, choices, min, max }: Option, issue: z.core.$ZodIssue): string {
  if (type === 'choice') return `choose one of ${choices.join(', ')}`
  if (type === 'integer') return `give a whole number from ${min} to ${max}`
  if (issue.code === 'invalid_value') return `choose among ${issue.values.join(', ')}`
  if (issue.code === 'too_big') return `give at most ${issue.maximum} characters`
  if (issue.code === 'too_small') return `give at least ${issue.minimum} characters`
  return `that is not what it takes. ${description}`
}

function unknownOption(name: string, options: Option[]): UserError {
  const shown = name.replace(/[^\p{L}\p{N}_-]/gu, '').slice(0, 32)
  const known = options.map((option) => option.name).join(', ')
  return new UserError(
    'bad_usage',
    known
      ? `There is no option ${shown}: choose among ${known}.`
      : `There is no option ${shown}: there are none.`,
  )
}
