// What it takes to answer an interaction.
import type { Command, CommandDeps } from '../../../../commands/command.ts'
import type { Log } from '../../../log.ts'
import type { DiscordRest } from '../rest.ts'

export type AnswerDeps = CommandDeps & {
  rest: DiscordRest
  log: Log
  commands: readonly Command[]
  maxUploadBytes: number
  /** Set once the answer took too long: whether the person was told so, by the one answer that there is. */
  late: Promise<boolean> | undefined
  /** Whose attachments are fetched. */
  origins: string[]
}
