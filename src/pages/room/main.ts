// The room's page: in at the door, then into the room that the address names.
import type { Me } from '../../chat/room/wire.ts'
import { byId, setText } from '../element.ts'
import { me } from './api.ts'
import { atTheDoor } from './entry.ts'
import { openRoom } from './room.ts'
import { roomName } from './room-name.ts'
import { addressOf, MAIN_ROOM } from './side.ts'
import { untilAnswered } from './until-answered.ts'

/** The room's name as it is written in the address. */
function roomIn(path: string): string {
  const name = /^\/rooms\/([^/]+)\/?$/.exec(path)?.[1] ?? MAIN_ROOM
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** @returns undefined where nobody may come in, which is said then */
async function whoIsThere(): Promise<Me | undefined> {
  const waiting = byId('waiting', HTMLElement)
  const line = { back: new EventTarget(), onNotEntered() {} }
  try {
    const known = await untilAnswered(line, me, { onWait: () => waiting.removeAttribute('hidden') })
    waiting.hidden = true
    return known.person ? known : await atTheDoor(known)
  } catch (error) {
    setText(waiting, error instanceof Error ? error.message : String(error))
    waiting.hidden = false
    return undefined
  }
}

const written = roomIn(location.pathname)
const room = roomName(written) || MAIN_ROOM
if (room !== written) location.replace(addressOf(room))
else {
  const entered = await whoIsThere()
  if (entered?.person) openRoom(room, entered, entered.person)
}
