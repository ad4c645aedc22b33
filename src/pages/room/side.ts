// Beside the timeline: the rooms, who is here, and one's own name. On a phone it is opened by a button.
import type { Me, Person } from '../../chat/room/wire.ts'
import { byId, element, setAttribute, setText } from '../element.ts'
import { failureWords, Refused } from '../failures.ts'
import { keyedList, textView, type View } from '../keyed-list.ts'
import { enter, rooms } from './api.ts'
import { rememberName } from './entry.ts'
import { roomName } from './room-name.ts'

export const MAIN_ROOM = 'main'
/** As in room.css: where it lies over the room. */
const DRAWER = '(width < 52rem)'

export type Side = {
  showPeople(names: readonly string[]): void
  showYou(you: Person): void
  /** Asks the server which rooms there are. */
  refresh(): void
}

export function addressOf(room: string): string {
  return room === MAIN_ROOM ? '/' : `/rooms/${encodeURIComponent(room)}`
}

/** @param onRenamed told once the server knows the new name */
export function sideOf(room: string, onRenamed: (me: Me) => void): Side {
  const side = byId('side', HTMLElement)
  const menu = byId('menu', HTMLButtonElement)
  const channel = byId('channel', HTMLElement)
  const backdrop = byId('side-backdrop', HTMLElement)
  const yourName = byId('your-name', HTMLElement)
  const count = byId('people-count', HTMLElement)
  const roomList = keyedList<string, View<string>>(byId('rooms', HTMLElement), (name) => name, roomView)
  const peopleList = keyedList<string, View<string>>(
    byId('people', HTMLElement),
    (name) => name,
    textView('li'),
  )
  roomList.update([room])

  function roomView(name: string): View<string> {
    const here = name === room ? 'page' : null
    const link = element('a', { href: addressOf(name), 'aria-current': here }, name)
    return { element: element('li', {}, link), update() {} }
  }

  function isOpen(): boolean {
    return side.classList.contains('open')
  }
  function toggle(open: boolean) {
    side.classList.toggle('open', open)
    backdrop.hidden = !open
    channel.inert = open
    setAttribute(menu, 'aria-expanded', String(open))
    if (open) {
      void refresh()
      side.querySelector<HTMLElement>('a, button')?.focus()
    } else menu.focus()
  }
  menu.addEventListener('click', () => toggle(!isOpen()))
  backdrop.addEventListener('click', () => toggle(false))
  document.addEventListener('keydown', (event) => {
    if (!isOpen() || document.querySelector('dialog[open]')) return
    if (event.key === 'Escape') toggle(false)
    else if (event.key === 'Tab') stayInside(event)
  })
  /** From the last to the first, and back: the rest of the page is behind it. */
  function stayInside(event: KeyboardEvent) {
    const inside = [...side.querySelectorAll<HTMLElement>('a[href], button')]
    const [from, to] = event.shiftKey ? [inside[0], inside.at(-1)] : [inside.at(-1), inside[0]]
    if (side.contains(document.activeElement) && document.activeElement !== from) return
    event.preventDefault()
    to?.focus()
  }
  // Beside the room there is nothing to open.
  window.matchMedia(DRAWER).addEventListener('change', ({ matches }) => {
    if (!matches && isOpen()) toggle(false)
  })
  byId('side-close', HTMLButtonElement).addEventListener('click', () => toggle(false))

  async function refresh() {
    try {
      const { rooms: names } = await rooms()
      roomList.update(names.includes(room) ? names : [...names, room])
    } catch {
      // Those that are known stay.
    }
  }

  const opening = dialog('room', async (written) => {
    const name = roomName(written)
    if (name === '') throw new Refused(400, 'bad_name', 'Give it a name of letters and digits.', null)
    window.location.assign(addressOf(name))
  })
  const naming = dialog('name', async (name) => {
    const me = await enter({ name })
    rememberName(me.person?.name ?? name)
    onRenamed(me)
  })
  byId('new-room', HTMLButtonElement).addEventListener('click', () => opening(''))
  byId('change-name', HTMLButtonElement).addEventListener('click', () => naming(yourName.textContent ?? ''))

  return {
    refresh,
    showPeople(names) {
      const here = [...new Set(names)]
      peopleList.update(here)
      setText(count, here.length === 1 ? '1 here' : `${here.length} here`)
    },
    showYou: ({ name }) => setText(yourName, name),
  }
}

/** A dialog with one field. @returns opens it with a text */
function dialog(kind: string, onGiven: (text: string) => Promise<void>): (text: string) => void {
  const box = byId(`${kind}-dialog`, HTMLDialogElement)
  const form = byId(`${kind}-form`, HTMLFormElement)
  const field = byId(`${kind}-field`, HTMLInputElement)
  const trouble = byId(`${kind}-trouble`, HTMLElement)
  byId(`${kind}-cancel`, HTMLButtonElement).addEventListener('click', () => box.close())
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const text = field.value.trim()
    if (text === '') return
    try {
      await onGiven(text)
      box.close()
    } catch (error) {
      setText(trouble, failureWords(error))
    }
  })
  return (text) => {
    field.value = text
    setText(trouble, '')
    box.showModal()
    field.select()
  }
}
