// The timeline on the page: keeps to the bottom unless somebody has scrolled up, and keeps the place of who reads.
import type { RoomMessage } from '../../chat/room/wire.ts'
import { element, setText } from '../element.ts'
import { keyedList, type View } from '../keyed-list.ts'
import { type Note, type NoteContext, noteView } from './answers.ts'
import type { CardContext } from './card.ts'
import { messageView, type Placed } from './message.ts'
import { playsIn } from './player.ts'
import { EMPTY, type Timeline, withNotes } from './timeline.ts'

/** This near to the bottom is at the bottom. */
const NEAR_PX = 60
/** Of answers for this person alone; the oldest go. */
const MOST_NOTES = 6

export type TimelineView = {
  /** @param ofOthers how many new messages of others there are with it */
  show(timeline: Timeline, ofOthers: number): void
  /** Shows what is before the first message, which stays where it is. */
  showEarlier(timeline: Timeline): void
  /** Shows an answer below the newest message, for good. */
  put(note: Note): void
  toBottom(): void
  isAtBottom(): boolean
  /** @returns false when it is not among those that are shown */
  goTo(messageId: string): boolean
  plays(message: RoomMessage): boolean
}

type Row = Placed | { note: Note }
type RowView = View<Row> & { highlight(): void }

/**
 * @param scroller holds the timeline and what is below it
 * @param onEarlier loads what is before the first
 */
export function timelineView(
  {
    scroller,
    list,
    earlier,
    newer,
  }: { scroller: HTMLElement; list: HTMLElement; earlier: HTMLButtonElement; newer: HTMLButtonElement },
  context: Omit<CardContext, 'stay'> & Pick<NoteContext, 'names'>,
  { onEarlier, onDismissed }: { onEarlier(): Promise<void>; onDismissed(): void },
): TimelineView {
  let shown = EMPTY
  let notes: { note: Note; after: string | undefined }[] = []
  const rows = keyedList(list, (row: Row) => ('note' in row ? row.note.id : row.message.id), rowView)
  const newerWords = element('span')
  newer.prepend(newerWords)
  let isAtBottom = true
  let unread = 0

  function showNewer() {
    newer.hidden = isAtBottom
    setText(
      newerWords,
      unread === 0 ? 'To the newest' : unread === 1 ? '1 new message' : `${unread} new messages`,
    )
  }
  function toBottom() {
    isAtBottom = true
    unread = 0
    scroller.scrollTop = scroller.scrollHeight
    showNewer()
  }
  function stay() {
    isAtBottom = false
    showNewer()
  }
  function rowView(row: Row): RowView {
    if ('note' in row) return { ...noteView(row.note, { ...context, dismiss }), highlight() {} }
    const { element, update, dispose, highlight } = messageView(row, { ...context, stay })
    return { element, update: (next) => 'message' in next && update(next), dispose, highlight }
  }
  function put(timeline: Timeline) {
    shown = timeline
    const { messages, hasEarlier } = timeline
    const befores = new Map(messages.map((message, index) => [message, messages[index - 1]]))
    const all = withNotes(messages, notes)
    rows.update(all.map((one) => ('note' in one ? one : { message: one, before: befores.get(one) })))
    earlier.hidden = !hasEarlier
  }
  function dismiss(note: Note) {
    notes = notes.filter((one) => one.note !== note)
    put(shown)
    onDismissed()
  }

  scroller.addEventListener(
    'scroll',
    () => {
      isAtBottom = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX
      if (isAtBottom) unread = 0
      showNewer()
    },
    { passive: true },
  )
  // A picture has come, the composer has grown, a phone's keyboard is up.
  const resized = new ResizeObserver(() => {
    if (isAtBottom) scroller.scrollTop = scroller.scrollHeight
  })
  resized.observe(scroller)
  for (const child of scroller.children) resized.observe(child)
  newer.addEventListener('click', () => {
    toBottom()
    scroller.focus({ preventScroll: true })
  })
  earlier.addEventListener('click', async () => {
    if (earlier.getAttribute('aria-disabled')) return
    earlier.setAttribute('aria-disabled', 'true')
    await onEarlier()
    earlier.removeAttribute('aria-disabled')
    if (earlier.hidden) scroller.focus({ preventScroll: true })
  })

  return {
    show(timeline, ofOthers) {
      put(timeline)
      if (isAtBottom) return toBottom()
      unread += ofOthers
      showNewer()
    },
    showEarlier(timeline) {
      // Not the message itself, which may lose its day and name to the one that is first now.
      const anchor = list.querySelector('.words, .card')
      const before = anchor?.getBoundingClientRect().top ?? 0
      put(timeline)
      scroller.scrollTop += (anchor?.getBoundingClientRect().top ?? 0) - before
    },
    put(note) {
      notes = [...notes, { note, after: shown.messages.at(-1)?.id }].slice(-MOST_NOTES)
      put(shown)
      toBottom()
    },
    toBottom,
    isAtBottom: () => isAtBottom,
    goTo(messageId) {
      const view = rows.get(messageId)
      view?.highlight()
      return view !== undefined
    },
    plays: ({ id }) => playsIn(rows.get(id)?.element),
  }
}
