// A message of the timeline: who, when, and words or a card.
import type { Person, RoomMessage } from '../../chat/room/wire.ts'
import { element, outerLink, setText } from '../element.ts'
import type { View } from '../keyed-list.ts'
import { type CardContext, cardView } from './card.ts'
import { addressesIn } from './marks.ts'
import { isContinued } from './timeline.ts'
import { dayInWords, isSameDay, timeOfDay } from './times.ts'

/** A message and the one it stands below. */
export type Placed = { message: RoomMessage; before: RoomMessage | undefined }

const HIGHLIGHT_MS = 2_000

export function messageView(
  placed: Placed,
  context: CardContext,
): View<Placed> & { highlight(): void; dispose(): void } {
  const { message: first } = placed
  const at = new Date(first.at)
  const day = element('p', { class: 'day' })
  const name = element('span', { class: 'name' })
  const avatar = avatarOf(first.person)
  const time = element('time', { datetime: first.at, title: at.toLocaleString() }, timeOfDay(at))
  const who = element('p', { class: 'who' }, name, time)
  const body = element('div', { class: 'body' }, who)
  const row = element('li', { class: `message ${first.kind}` }, day, avatar.element, body)

  // A message is of one kind for good.
  const words = element('p', { class: 'words' })
  const card =
    first.kind === 'request' ? cardView({ card: first.card, person: first.person }, context) : undefined
  body.append(card?.element ?? words)
  let shown: Placed | undefined
  function update(next: Placed) {
    const { message, before } = next
    // Most are as they were when one changes.
    if (shown?.message === message && shown.before === before) return
    shown = next
    setText(name, message.person.name)
    avatar.show(message.person)
    row.classList.toggle('continued', isContinued(before, message))
    day.hidden = before !== undefined && isSameDay(new Date(before.at), at)
    setText(day, day.hidden ? '' : dayInWords(at, new Date()))
    if (message.kind === 'said') showWords(message.text)
    else card?.update({ card: message.card, person: message.person })
  }
  function showWords(text: string) {
    if (words.textContent === text) return
    const pieces = addressesIn(text)
    words.replaceChildren(
      ...pieces.map((piece) => (typeof piece === 'string' ? piece : outerLink(piece.address))),
    )
  }
  update(placed)
  return {
    element: row,
    update,
    dispose: () => card?.dispose?.(),
    highlight() {
      row.scrollIntoView({ block: 'center' })
      ;(card?.element as HTMLElement | undefined)?.focus({ preventScroll: true })
      row.classList.add('highlighted')
      setTimeout(() => row.classList.remove('highlighted'), HIGHLIGHT_MS)
    },
  }
}

/** A person's first letters, in a colour that is always theirs. */
function avatarOf(first: Person): { element: HTMLElement; show(person: Person): void } {
  const node = element('span', { class: 'avatar', 'aria-hidden': 'true' })
  let hue = 0
  for (const letter of first.id) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360
  node.style.setProperty('--hue', String(hue))
  const show = ({ name }: Person) => setText(node, initials(name))
  show(first)
  return { element: node, show }
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words
  return letters.map((word) => [...(word ?? '')][0]?.toUpperCase() ?? '').join('')
}
