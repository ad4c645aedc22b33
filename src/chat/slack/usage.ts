// How commands are written on Slack: after one slash command. Pure.
import type { Command } from '../../../commands/command.ts'
import { describeOptions, type Spelling } from '../../../commands/options.ts'
import { MAIN_COMMAND } from '../command-text.ts'
import { WORD_SPELLING } from '../word-spelling.ts'

/** A workspace where another app has that name may give it another. */
export const SLASH_COMMAND = '/separate'

export function slackSpelling(slashCommand = SLASH_COMMAND): Spelling {
  return {
    ...WORD_SPELLING,
    command: (name) => (name === MAIN_COMMAND ? slashCommand : `${slashCommand} ${name}`),
    onMessage: (name) => `with a file: ${name}, in the menu of its message`,
  }
}

/** What Slack shows after the slash command while somebody types it. */
export function usageHint(command: Command): string {
  return describeOptions(command)
    .map((option, index) => WORD_SPELLING.usage(option, index === 0))
    .filter((shown) => shown !== null)
    .join(' ')
}
