// The commands as the room's page is told of them.
import { COMMANDS } from '../../commands/index.ts'
import { roomCommands } from '../../src/chat/room/commands.ts'

export const ROOM_COMMANDS = roomCommands(COMMANDS)
