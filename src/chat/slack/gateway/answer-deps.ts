// What it takes to answer a person on Slack.
import type { Command, CommandDeps } from '../../../../commands/command.ts'
import type { Log } from '../../../log.ts'
import type { SlackWeb } from '../web.ts'

export type AnswerDeps = CommandDeps & {
  web: SlackWeb
  log: Log
  commands: readonly Command[]
  maxUploadBytes: number
  /** Whose files are fetched. */
  origins: string[]
  isManager: (asked: { installation: string; workspace: string; person: string }) => Promise<boolean>
}
