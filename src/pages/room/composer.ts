// The field that words and commands are written in, with what completes them in a list above it.
import type { RoomCommand } from '../../chat/room/wire.ts'
import { element, setAttribute, setText } from '../element.ts'
import {
  type Completion,
  type Completions,
  completionsFor,
  type Question,
  withSuggestions,
} from './completions.ts'
import { commandOf, readComposer, takesFile, wrongCommand } from './composing.ts'

type Suggestion = { label: string; value: string }
type Parts = {
  field: HTMLTextAreaElement
  send: HTMLButtonElement
  /** Holds the list and what the command is about. */
  panel: HTMLElement
  list: HTMLElement
  usage: HTMLElement
  help: HTMLElement
}

export type Composer = {
  focus(): void
  know(commands: readonly RoomCommand[]): void
  /** Has the link of the right recording be given for this request. */
  askForRight(number: number): void
  /** Words that were not taken, unless others stand there by now. */
  giveBack(text: string): void
  /** The command that stands there, if files go with it; it is taken out. */
  takeCommandForFiles(): string | null
}

const DEBOUNCE_MS = 150

export function composer(
  { field, send, panel, list, usage, help }: Parts,
  {
    suggest,
    onSend,
    announce,
  }: {
    suggest(question: Question, signal: AbortSignal): Promise<Suggestion[]>
    onSend(text: string): void
    announce(text: string): void
  },
): Composer {
  let commands: readonly RoomCommand[] = []
  let shown: Completions | null = null
  /** -1: none. */
  let chosen = -1
  let answered: { question: Question; suggestions: Suggestion[] } | null = null
  let asking = new AbortController()

  /** What is written, or where the cursor stands, has changed. */
  function look() {
    asking.abort()
    const { value: text, selectionEnd: cursor } = field
    const composing = readComposer(text, cursor, commands)
    const completions = completionsFor(text, composing, commands)
    const { question } = completions
    if (!question) return show(completions)
    if (answered && isSame(answered.question, question))
      return show(withSuggestions(text, composing, completions, answered.suggestions))
    show(withSuggestions(text, composing, completions, stillFitting(question)))
    asking = new AbortController()
    ask(question, asking.signal)
  }

  async function ask(question: Question, signal: AbortSignal) {
    await new Promise((resolve) => setTimeout(resolve, DEBOUNCE_MS))
    if (signal.aborted) return
    try {
      const suggestions = await suggest(question, signal)
      if (signal.aborted) return
      answered = { question, suggestions }
      look()
    } catch {
      // Nothing is suggested, then: the command can be written all the same.
    }
  }

  /** Of the answer before, until there is one to this question. */
  function stillFitting({ command, option, text }: Question): Suggestion[] {
    if (answered?.question.command !== command || answered.question.option !== option) return []
    const wanted = text.toLowerCase()
    return answered.suggestions.filter(({ label }) => label.toLowerCase().includes(wanted))
  }

  function show(completions: Completions | null) {
    const before = shown?.items.length ?? 0
    shown = completions
    const items = completions?.items ?? []
    list.replaceChildren(...items.map(optionOf))
    list.hidden = items.length === 0
    setText(usage, completions?.command?.usage ?? '')
    setText(help, completions?.help ?? '')
    panel.hidden = items.length === 0 && !completions?.command
    choose(completions?.isFirstChosen ? 0 : -1)
    if (items.length > 0 && items.length !== before)
      announce(items.length === 1 ? '1 suggestion' : `${items.length} suggestions`)
  }

  function optionOf({ label, detail }: Completion, index: number): HTMLElement {
    const option = element(
      'li',
      { role: 'option', id: `suggestion-${index}`, 'aria-selected': 'false' },
      element('span', { class: 'label' }, label),
      element('span', { class: 'detail' }, detail),
    )
    option.addEventListener('click', () => accept(index, true))
    return option
  }

  function choose(index: number) {
    list.children[chosen]?.setAttribute('aria-selected', 'false')
    chosen = index
    const option = list.children[index]
    option?.setAttribute('aria-selected', 'true')
    option?.scrollIntoView({ block: 'nearest' })
    for (const owner of [field, list]) setAttribute(owner, 'aria-activedescendant', option?.id ?? null)
  }

  function accept(index: number, maySend: boolean) {
    const completion = shown?.items[index]
    if (!completion) return
    field.focus()
    if (completion.sends && maySend) submit(completion.text)
    else write(completion.text, completion.cursor)
  }

  function write(text: string, cursor = text.length) {
    field.value = text
    field.setSelectionRange(cursor, cursor)
    fit()
    if (document.activeElement === field) look()
    else show(null)
  }

  function submit(text: string) {
    const words = text.trim()
    if (words === '') return
    write('')
    onSend(words)
    field.focus()
  }

  /** As high as what is written, within the limits of the style. */
  function fit() {
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`
  }

  function onKey(event: KeyboardEvent) {
    if (event.isComposing) return
    const count = shown?.items.length ?? 0
    const { key } = event
    if (count > 0 && (key === 'ArrowDown' || key === 'ArrowUp')) {
      // From the last on to none, which is the field itself.
      const places = count + 1
      choose(((chosen + 1 + (key === 'ArrowDown' ? 1 : -1) + places) % places) - 1)
    } else if (key === 'Escape' && !panel.hidden) {
      asking.abort()
      field.focus()
      show(null)
    } else if (chosen >= 0 && !event.shiftKey && (key === 'Enter' || key === 'Tab')) {
      accept(chosen, key === 'Enter')
    } else if (key === 'Enter' && !event.shiftKey && event.target === field) {
      submit(field.value)
    } else return
    event.preventDefault()
  }

  function onBlur({ relatedTarget }: FocusEvent) {
    if (relatedTarget === field || relatedTarget === list) return
    asking.abort()
    show(null)
  }

  field.addEventListener('keydown', onKey)
  // A long list can be scrolled, and so be stepped into.
  list.addEventListener('keydown', onKey)
  list.addEventListener('blur', onBlur)
  field.addEventListener('input', () => {
    fit()
    look()
  })
  // The cursor was moved. Keys that choose among the list are no such keys.
  field.addEventListener('keyup', ({ key }) => {
    if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) look()
  })
  field.addEventListener('click', look)
  field.addEventListener('blur', onBlur)
  // The field keeps the focus when something is picked with the mouse.
  panel.addEventListener('mousedown', (event) => event.preventDefault())
  send.addEventListener('click', () => {
    submit(field.value)
    field.focus()
  })

  return {
    focus: () => field.focus(),
    know(known) {
      commands = known
      if (document.activeElement === field) look()
    },
    askForRight(number) {
      field.focus()
      write(wrongCommand(number, field.value))
    },
    giveBack(text) {
      if (field.value === '') write(text)
    },
    takeCommandForFiles() {
      const text = field.value.trim()
      const command = commandOf(text, commands)
      if (!command || !takesFile(command)) return null
      write('')
      return text
    },
  }
}

function isSame(one: Question, other: Question): boolean {
  return one.command === other.command && one.option === other.option && one.text === other.text
}
