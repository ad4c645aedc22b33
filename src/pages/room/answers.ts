// Answers that are for this person alone. They stand in the timeline where they came, until they are dismissed.
import type { Answer } from '../../chat/room/wire.ts'
import { element, icon, outerLink } from '../element.ts'
import { Refused } from '../failures.ts'
import type { View } from '../keyed-list.ts'
import { piecesOf } from './marks.ts'

export type Note = {
  id: string
  title: string
  lines: string[]
  /** Of what was refused. */
  code: string | null
  isRefusal: boolean
}
export type NoteContext = {
  /** Of people who are known here. */
  names(): string[]
  /** Leads to a request's message. */
  goTo(number: number): void
  dismiss(note: Note): void
}

let lastId = 0

export function answerNote({ title, lines }: Answer): Note {
  return { id: `note-${++lastId}`, title, lines, code: null, isRefusal: false }
}

/** What was not done, and why. */
export function refusalNote(message: string, code: string | null = null): Note {
  return { id: `note-${++lastId}`, title: message, lines: [], code, isRefusal: true }
}

/** @throws what is no refusal of the server, but a mistake of ours */
export function noteOf(error: unknown): Note {
  if (error instanceof Refused) return refusalNote(error.message, error.code)
  throw error
}

export function noteView(note: Note, { names, goTo, dismiss }: NoteContext): View<unknown> {
  function marked(line: string): (Node | string)[] {
    return piecesOf(line, names()).map((piece) => {
      if (typeof piece === 'string') return piece
      if ('person' in piece) return element('b', {}, `@${piece.person}`)
      if ('address' in piece) return outerLink(piece.address)
      const { request } = piece
      const link = element('button', { type: 'button', class: 'request' }, `#${request}`)
      link.addEventListener('click', () => goTo(request))
      return link
    })
  }
  const { title, lines, code, isRefusal } = note
  const away = element('button', { type: 'button', class: 'quiet icon', 'aria-label': 'Dismiss' })
  away.append(icon('close'))
  away.addEventListener('click', () => dismiss(note))
  const body = element(
    'article',
    { class: 'panel', 'aria-label': 'Only you can see this' },
    element('p', { class: 'private' }, icon('eye'), 'Only you can see this'),
    element('p', { class: 'title' }, ...marked(title)),
    ...lines.map((line) => element('p', { class: 'line' }, ...marked(line))),
    ...(code === null ? [] : [element('code', {}, code)]),
    away,
  )
  const row = element('li', { class: isRefusal ? 'note refusal' : 'note' }, body)
  return { element: row, update() {} }
}
