// What Discord is told of the commands, made from their definitions. Pure.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type RESTPostAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10'
import type { Command } from '../../../commands/command.ts'
import { describeOptions, type Option } from '../../../commands/options.ts'
import { MANAGERS } from './permissions.ts'

/** The slash command of each, and one on messages for those that take a message's file. */
export function commandDefinitions(commands: readonly Command[]): RESTPostAPIApplicationCommandsJSONBody[] {
  return commands.flatMap((command) => {
    const where = {
      // A server is what there is to manage.
      contexts:
        command.access === 'managers'
          ? [InteractionContextType.Guild]
          : [InteractionContextType.Guild, InteractionContextType.BotDM],
      integration_types: [ApplicationIntegrationType.GuildInstall],
      default_member_permissions: command.access === 'managers' ? String(MANAGERS) : null,
    }
    const { name, description, onMessage } = command
    return [
      {
        type: ApplicationCommandType.ChatInput,
        name,
        description,
        options: describeOptions(command).map(optionDefinition),
        ...where,
      },
      ...(onMessage ? [{ type: ApplicationCommandType.Message as const, name: onMessage, ...where }] : []),
    ]
  })
}

function optionDefinition(option: Option): APIApplicationCommandBasicOption {
  const { name, description, required, suggests } = option
  const base = { name, description, required }
  switch (option.type) {
    case 'text':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        ...given('min_length', option.minLength),
        ...given('max_length', option.maxLength),
        ...(suggests ? { autocomplete: true } : {}),
      }
    case 'choice':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        choices: option.choices.map((choice) => ({ name: choice, value: choice })),
      }
    case 'integer':
      return {
        ...base,
        type: ApplicationCommandOptionType.Integer,
        ...given('min_value', option.min),
        ...given('max_value', option.max),
        ...(suggests ? { autocomplete: true } : {}),
      }
    case 'file':
      return { ...base, type: ApplicationCommandOptionType.Attachment, file_types: ['audio'] }
  }
}

function given<Key extends string>(key: Key, value: number | null): { [K in Key]?: number } {
  return value === null ? {} : ({ [key]: value } as { [K in Key]: number })
}
