// What it takes to answer an interaction.
import type { Command, CommandDeps } from '../../../../commands/command.ts'
import type { Log } from '../../../log.ts'
import type { DiscordRest } from '../rest.ts'

export type AnswerDeps = CommandDeps & {
  rest: DiscordRest
  log: Log
  commands: readonly Command[]
  maxUploadBytes: number
  /** Whether the person has been told that the answer takes longer. */
  late: boolean
  /** Whose attachments are fetched. */
  origins: string[]
}
