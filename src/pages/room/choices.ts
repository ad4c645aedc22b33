// What somebody is asked to choose among: each can be heard first, where it comes from.
import type { RoomCard } from '../../chat/room/wire.ts'
import { element, hiddenWords, icon, outerLink, setAttribute, setText } from '../element.ts'
import { keyedList, type View } from '../keyed-list.ts'

export type Asked = {
  choices: RoomCard['choices']
  /** Whether it is this person who may choose. */
  mayChoose: boolean
  /** The name of who is asked. */
  asker: string
}
type Choice = RoomCard['choices'][number] & Pick<Asked, 'mayChoose'>

/** @param id of its heading */
export function choicesView(
  id: string,
  {
    choose,
    onNone,
  }: {
    /** @returns whether it was done; if not, why was said already */
    choose(value: string): Promise<boolean>
    /** It is none of them. */
    onNone(): void
  },
): View<Asked> {
  const heading = element('h3', { id }, 'Which one is it?')
  const whoIs = element('p', { class: 'quiet-words' })
  const list = element('ol', { role: 'list', 'aria-labelledby': id })
  const none = element('button', { type: 'button', class: 'quiet' }, 'None of them: give a link')
  none.addEventListener('click', onNone)
  const rows = keyedList(list, (choice: Choice) => JSON.stringify(choice), choiceRow)
  let isPressed = false

  function choiceRow({ value, label, detail, link, mayChoose }: Choice): View<Choice> {
    const take = element(
      mayChoose ? 'button' : 'p',
      mayChoose ? { type: 'button', class: 'take' } : { class: 'take' },
      element('span', { class: 'label' }, label),
      ' ',
      element('span', { class: 'detail' }, detail),
    )
    const listen = outerLink(link, icon('outside'), 'Listen', hiddenWords(` to ${label} (in a new tab)`))
    listen.className = 'button quiet'
    if (mayChoose)
      take.addEventListener('click', async () => {
        if (isPressed) return
        hold(true)
        // If it was done, the card tells so.
        if (!(await choose(value))) hold(false)
      })
    return { element: element('li', {}, take, listen), update() {} }
  }

  /** Not `disabled`, which would take the focus away. */
  function hold(pressed: boolean) {
    isPressed = pressed
    for (const take of list.querySelectorAll('button'))
      setAttribute(take, 'aria-disabled', pressed ? 'true' : null)
  }

  const about = { class: 'asks', role: 'group', 'aria-labelledby': id }
  const group = element('div', about, heading, whoIs, list, none)
  return {
    element: group,
    update({ choices, mayChoose, asker }) {
      group.hidden = choices.length === 0
      setText(whoIs, mayChoose ? '' : `${asker} is asked.`)
      whoIs.hidden = mayChoose
      none.hidden = !mayChoose
      rows.update(choices.map((choice) => ({ ...choice, mayChoose })))
      hold(false)
    },
  }
}
