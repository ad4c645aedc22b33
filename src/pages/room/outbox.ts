// Words and commands on their way: one after the other, each shown until it is there, each done once however often it is sent.
import type { Answer, RoomMessage, Said } from '../../chat/room/wire.ts'
import { element, icon, setText } from '../element.ts'
import { say } from './api.ts'
import { newNonce } from './nonce.ts'
import { type Line, untilAnswered } from './until-answered.ts'

/** A message comes by the stream, mostly before this; until then its place is not left empty. */
const ARRIVAL_MS = 1_500

export type Outbox = {
  send(text: string): void
  /** A message of this person has come. */
  hasArrived(message: RoomMessage): void
}

export function outboxIn(
  list: HTMLElement,
  {
    room,
    line,
    onAnswer,
    onRefused,
  }: {
    room: string
    line: Line
    onAnswer(answer: Answer): void
    onRefused(error: unknown, text: string): void
  },
): Outbox {
  let last: Promise<void> = Promise.resolve()
  /** What each sends, and those of them that are answered. */
  const items = new Map<HTMLElement, string>()
  const answered = new Set<HTMLElement>()

  async function deliver(said: Said, item: HTMLElement, standing: HTMLElement, signal: AbortSignal) {
    try {
      setText(standing, 'Sending…')
      const { answer } = await untilAnswered(line, () => say(room, said), {
        signal,
        onWait: () => setText(standing, 'Waiting for the connection…'),
      })
      if (answer) onAnswer(answer)
      if (answer) return forget(item)
      answered.add(item)
      setTimeout(() => forget(item), ARRIVAL_MS)
    } catch (error) {
      forget(item)
      if (!signal.aborted) onRefused(error, said.text)
    }
  }
  function forget(item: HTMLElement) {
    items.delete(item)
    answered.delete(item)
    item.remove()
  }

  return {
    send(text) {
      const discarded = new AbortController()
      const standing = element('span', { class: 'standing' }, 'Waiting…')
      const discard = element('button', { type: 'button', class: 'quiet icon', 'aria-label': 'Discard' })
      discard.append(icon('close'))
      const item = element(
        'li',
        { class: 'pending' },
        element('p', { class: 'words' }, text),
        standing,
        discard,
      )
      discard.addEventListener('click', () => {
        discarded.abort()
        forget(item)
      })
      list.append(item)
      items.set(item, text)
      const said = { nonce: newNonce(), text }
      last = last.then(() =>
        discarded.signal.aborted ? undefined : deliver(said, item, standing, discarded.signal),
      )
    },
    hasArrived(message) {
      for (const item of answered) forget(item)
      if (message.kind !== 'said') return
      // The stream was faster than the answer.
      for (const [item, text] of items) {
        if (text !== message.text || item.hidden) continue
        item.hidden = true
        return
      }
    },
  }
}
