// The commands as the room's page is told of them.
import { COMMANDS } from '../../commands/index.ts'
import { describeOptions, usageOf } from '../../commands/options.ts'
import type { RoomCommand } from '../../src/chat/room/wire.ts'
import { WORD_SPELLING } from '../../src/chat/word-spelling.ts'

export const ROOM_COMMANDS: readonly RoomCommand[] = COMMANDS.map((command) => ({
  name: command.name,
  description: command.description,
  usage: usageOf(command, WORD_SPELLING)[0] ?? '',
  options: describeOptions(command),
}))
