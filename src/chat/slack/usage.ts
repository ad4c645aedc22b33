// How commands are written on Slack: after one slash command, the song bare, the rest as `name=value`. Pure.
import type { Command } from '../../../commands/command.ts'
import { describeOptions, placeholder, type Spelling } from '../../../commands/options.ts'

/** The command that the slash command is without the name of another. */
export const MAIN_COMMAND = 'separate'
/** A workspace where another app has that name may give it another. */
export const SLASH_COMMAND = '/separate'

/** @throws when there is none */
export function mainCommand(commands: readonly Command[]): Command {
  const main = commands.find(({ name }) => name === MAIN_COMMAND)
  if (!main) throw new Error(`there is no command ${MAIN_COMMAND}`)
  return main
}

export function slackSpelling(slashCommand = SLASH_COMMAND): Spelling {
  return {
    command: (name) => (name === MAIN_COMMAND ? slashCommand : `${slashCommand} ${name}`),
    option: (name, value, first) => (first ? value : `${name}=${quoted(value)}`),
    usage(option, first) {
      if (option.type === 'file') return null
      if (!first) return `[${option.name}=${placeholder(option)}]`
      if (option.type === 'text') return `<${option.name}>`
      return `[${option.type === 'choice' ? placeholder(option) : option.name}]`
    },
    onMessage: (name) => `with a file: ${name}, in the menu of its message`,
  }
}

/** What Slack shows after the slash command while somebody types it. */
export function usageHint(command: Command): string {
  const { usage } = slackSpelling()
  return describeOptions(command)
    .map((option, index) => usage(option, index === 0))
    .filter((shown) => shown !== null)
    .join(' ')
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value
}
