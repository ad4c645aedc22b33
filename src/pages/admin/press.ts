// Buttons that ask the server for something: held until it has answered, and why not is said.
import { announcer } from '../announcer.ts'
import { byId, element, icon, setAttribute, setText } from '../element.ts'
import { failureWords } from '../failures.ts'

const TROUBLE_MS = 12_000

const announce = announcer(byId('announcements', HTMLElement))
const trouble = byId('trouble', HTMLElement)
let clearing: number | undefined

/** @param done what a screen reader says then */
export async function askFor(work: () => Promise<void>, done: string): Promise<boolean> {
  try {
    await work()
    sayTrouble('')
    announce(done)
    return true
  } catch (error) {
    sayTrouble(failureWords(error))
    return false
  }
}

function sayTrouble(words: string) {
  setText(trouble, words)
  window.clearTimeout(clearing)
  if (words) clearing = window.setTimeout(() => setText(trouble, ''), TROUBLE_MS)
}

type Pressed = { label: string; name: string; drawing: string; work: () => Promise<void>; done: string }

/** @param pressed.name what it is called where its label alone does not tell */
export function pressButton({ label, name, drawing, work, done }: Pressed): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'small', 'aria-label': name },
    icon(drawing),
    label,
  )
  let isHeld = false
  button.addEventListener('click', async () => {
    if (isHeld) return
    isHeld = true
    // Not `disabled`, which would take the focus away.
    setAttribute(button, 'aria-disabled', 'true')
    await askFor(work, done)
    isHeld = false
    setAttribute(button, 'aria-disabled', null)
  })
  return button
}
