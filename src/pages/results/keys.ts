// Hears the page's shortcuts, wherever the focus is, and shows the list of them.
import { find } from '../find.ts'
import { isTaken, type Shortcut, shortcutOf } from './shortcuts.ts'

export function hearKeys(carryOut: (shortcut: Exclude<Shortcut, { does: 'help' }>) => void): void {
  const list = find(document, '#shortcuts', HTMLDialogElement)
  find(document, '#help', HTMLButtonElement).addEventListener('click', () => list.showModal())
  document.addEventListener('keydown', (event) => {
    if (list.open || event.isComposing || isTaken(event.key, focused())) return
    const shortcut = shortcutOf(event)
    if (!shortcut) return
    event.preventDefault()
    // Held down, a key seeks and turns; it does not flutter.
    if (event.repeat && shortcut.does !== 'seek' && shortcut.does !== 'volume') return
    if (shortcut.does === 'help') list.showModal()
    else carryOut(shortcut)
  })
}

function focused() {
  const element = document.activeElement
  return {
    tag: element?.tagName ?? '',
    type: element instanceof HTMLInputElement ? element.type : '',
    seeks: element?.hasAttribute('data-seeks') ?? false,
  }
}
