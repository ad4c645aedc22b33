// The commands as the room's page is told of them. Pure.
import type { Command } from '../../../commands/command.ts'
import { describeOptions, usageOf } from '../../../commands/options.ts'
import { WORD_SPELLING } from '../word-spelling.ts'
import type { RoomCommand } from './wire.ts'

export function roomCommands(commands: readonly Command[]): RoomCommand[] {
  return commands.map((command) => ({
    name: command.name,
    description: command.description,
    usage: usageOf(command, WORD_SPELLING)[0] ?? '',
    options: describeOptions(command),
  }))
}
