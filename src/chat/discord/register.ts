// Tells Discord which commands there are, when it does not know them yet: 200 of them may be made a day.
import {
  ApplicationCommandType,
  type RESTPostAPIApplicationCommandsJSONBody,
  Routes,
} from 'discord-api-types/v10'
import { COMMANDS } from '../../../commands/index.ts'
import { commandDefinitions } from './definitions.ts'
import type { DiscordRest } from './rest.ts'

type Definition = RESTPostAPIApplicationCommandsJSONBody

/** @param onChange hears each difference, as a line, before anything is changed. @returns the differences */
export async function registerCommands(
  rest: DiscordRest,
  onChange: (line: string) => void = () => {},
): Promise<{ changed: string[] }> {
  const route = Routes.applicationCommands(rest.applicationId)
  const registered = await rest.request<Definition[]>('GET', route, { query: { with_localizations: 'true' } })
  // Made by Discord for applications with an activity; it refuses to have it taken away.
  const entryPoints = registered.filter(({ type }) => type === ApplicationCommandType.PrimaryEntryPoint)
  const wanted = [...commandDefinitions(COMMANDS), ...entryPoints]
  const changed = differences(registered, wanted)
  for (const line of changed) onChange(line)
  if (changed.length > 0) await rest.request('PUT', route, { body: wanted })
  return { changed }
}

/** `+ /new`, `- /gone`, `~ /other: description, option song` */
export function differences(registered: Definition[], wanted: Definition[]): string[] {
  const before = byName(registered)
  const after = byName(asToldBack(wanted, registered))
  return [
    ...[...after].flatMap(([name, definition]) => {
      const known = before.get(name)
      if (!known) return [`+ ${name}`]
      const fields = differingFields(known, definition)
      return fields.length > 0 ? [`~ ${name}: ${fields.join(', ')}`] : []
    }),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `- ${name}`),
  ]
}

/** Newer than Discord's own description of what it answers: where nothing of it comes back, nothing is known of it. */
const MAY_STAY_UNTOLD = 'file_types'

function asToldBack(wanted: Definition[], registered: Definition[]): Definition[] {
  if (JSON.stringify(registered).includes(`"${MAY_STAY_UNTOLD}":`)) return wanted
  return JSON.parse(JSON.stringify(wanted), (key, value) => (key === MAY_STAY_UNTOLD ? undefined : value))
}

type Fields = { options: Record<string, string>; [field: string]: unknown }

function byName(definitions: Definition[]): Map<string, Fields> {
  return new Map(definitions.map((definition) => [nameOf(definition), normalised({ ...definition })]))
}

const KINDS: Record<number, string> = {
  [ApplicationCommandType.User]: 'on a person',
  [ApplicationCommandType.Message]: 'on a message',
  [ApplicationCommandType.PrimaryEntryPoint]: 'entry point',
}

function nameOf({ type = ApplicationCommandType.ChatInput, name }: Definition): string {
  return type === ApplicationCommandType.ChatInput ? `/${name}` : `${name} (${KINDS[type]})`
}

function differingFields(before: Fields, after: Fields): string[] {
  const { options: optionsBefore, ...restBefore } = before
  const { options: optionsAfter, ...restAfter } = after
  const fields = differingKeys(restBefore, restAfter)
  const options = differingKeys(optionsBefore, optionsAfter)
  const order = Object.keys(optionsBefore).join() === Object.keys(optionsAfter).join()
  return [
    ...fields,
    ...options.map((name) => `option ${name}`),
    ...(options.length === 0 && !order ? ['order of options'] : []),
  ]
}

function differingKeys(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
}

/** What Discord adds of its own, and what it takes for granted. */
const ADDED = new Set([
  'id',
  'application_id',
  'version',
  'guild_id',
  'type',
  'name',
  'dm_permission',
  'handler',
])
const ASSUMED: Record<string, unknown> = {
  nsfw: false,
  required: false,
  autocomplete: false,
  description: '',
}

/** Only what could have been said otherwise, so that equal definitions are equal. */
function normalised(definition: Record<string, unknown>): Fields {
  const options = (definition['options'] ?? []) as Record<string, unknown>[]
  const fields = meaningful(
    Object.entries(definition).filter(([key]) => !ADDED.has(key) && key !== 'options'),
  )
  return {
    ...fields,
    options: Object.fromEntries(
      options.map((option) => [String(option['name']), JSON.stringify(meaningful(Object.entries(option)))]),
    ),
  }
}

function meaningful(entries: [string, unknown][]): Record<string, unknown> {
  const kept = entries
    .map(([key, value]): [string, unknown] => [key, tidy(value)])
    .filter(([key, value]) => value !== undefined && value !== ASSUMED[key])
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Nothing, in any of the ways to say so, is undefined; sets of numbers are sorted. */
function tidy(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined
    return value.every((one) => typeof one === 'number') ? value.toSorted((a, b) => a - b) : value.map(tidy)
  }
  if (typeof value === 'object') {
    const fields = meaningful(Object.entries(value as object))
    return Object.keys(fields).length > 0 ? fields : undefined
  }
  return value
}
