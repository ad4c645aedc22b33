// Completes what somebody is typing. Always answers in time; with nothing, when anything is wrong.
import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIApplicationCommandOptionChoice,
  ApplicationCommandOptionType,
} from 'discord-api-types/v10'
import type { Suggestion } from '../../../../commands/command.ts'
import { plainText } from '../../foreign-text.ts'
import { isManager } from '../permissions.ts'
import type { AnswerDeps } from './answer-deps.ts'
import { interactionOf } from './interaction.ts'
import { suggest } from './respond.ts'

/** Discord waits three. */
const SECONDS = 2
const MOST_CHOICES = 25
const LONGEST = 100

export async function answerTyping(
  given: APIApplicationCommandAutocompleteInteraction,
  deps: AnswerDeps,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<[]>((resolve) => {
    timer = setTimeout(() => resolve([]), SECONDS * 1000)
  })
  const found = suggestions(given, deps).catch((error: unknown) => {
    deps.log.warn({ err: error, interaction: given.id }, 'no suggestions')
    return []
  })
  const choices = await Promise.race([found, late])
  clearTimeout(timer)
  await suggest(deps.rest, given, choices)
}

async function suggestions(
  given: APIApplicationCommandAutocompleteInteraction,
  deps: AnswerDeps,
): Promise<APIApplicationCommandOptionChoice[]> {
  const { name, options } = given.data
  const command = deps.commands.find((one) => one.name === name)
  const option = options.find((one) => 'focused' in one && one.focused)
  const complete = option && command?.suggest[option.name]
  if (!command || !complete || !('value' in option)) return []
  const { externalId: _, ...asker } = interactionOf(given, deps.rest.applicationId)
  const manager = isManager(given.member?.permissions, command.access)
  const found = await complete(String(option.value), { ...asker, manager }, deps)
  const isNumber = option.type === ApplicationCommandOptionType.Integer
  return found.slice(0, MOST_CHOICES).flatMap((suggestion) => choice(suggestion, isNumber))
}

function choice({ label, value }: Suggestion, isNumber: boolean): APIApplicationCommandOptionChoice[] {
  const name = plainText(label, LONGEST)
  const text = [...value.slice(0, LONGEST)].join('').toWellFormed()
  if (!name || !text) return []
  return [{ name, value: isNumber ? Number(text) : text }]
}
