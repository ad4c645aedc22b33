// Files on their way: sent at once, then handed over with the command they came with. Each is shown until its request is there.
import type { Answer, TakenFile } from '../../chat/room/wire.ts'
import { element, icon, setAttribute, setText } from '../element.ts'
import { Refused, Unreachable } from '../failures.ts'
import { keyedList, type View } from '../keyed-list.ts'
import { waitAfter } from '../patience.ts'
import { sizeInWords } from '../units.ts'
import { putFile, say } from './api.ts'
import { newNonce } from './nonce.ts'
import { type Line, untilAnswered } from './until-answered.ts'
import {
  afterTry,
  changed,
  NO_UPLOADS,
  nextLook,
  type Outcome,
  reasonNotToSend,
  started,
  toStart,
  tryAnew,
  type Upload,
  wakened,
  withoutUpload,
  withUpload,
} from './upload-queue.ts'

/** What belongs to an upload besides how it stands. */
type Sending = {
  file: File
  text: string
  nonce: string
  taken: TakenFile | null
  cancelled: AbortController
  isAnswered: boolean
}

/** See outbox.ts. */
const ARRIVAL_MS = 1_500

export type Uploads = {
  /** @param text the command that they go with */
  add(files: readonly File[], text: string): void
  hasArrived(): void
}

export function uploadsIn(
  list: HTMLElement,
  {
    room,
    line,
    maxUploadBytes,
    onAnswer,
    onRefused,
    onChange,
  }: {
    room: string
    line: Line
    maxUploadBytes: number
    onAnswer(answer: Answer): void
    onRefused(message: string): void
    /** There is one more. */
    onChange(): void
  },
): Uploads {
  let queue = NO_UPLOADS
  let lastId = 0
  let timer: number | undefined
  const sendings = new Map<number, Sending>()
  const views = keyedList(list, ({ id }: Upload) => String(id), view)

  /** Shows how all stand, and starts what may be started. */
  function hold() {
    for (const { id } of toStart(queue, Date.now())) void send(id)
    views.update(queue.uploads)
    window.clearTimeout(timer)
    const next = nextLook(queue, Date.now())
    timer = next === null ? undefined : window.setTimeout(hold, next - Date.now())
    const isUnderWay = queue.uploads.some(({ state }) => state === 'waiting' || state === 'uploading')
    if (isUnderWay) window.addEventListener('beforeunload', askBeforeLeaving)
    else window.removeEventListener('beforeunload', askBeforeLeaving)
  }

  async function send(id: number) {
    const sending = sendings.get(id)
    if (!sending) return
    queue = started(queue, id)
    const { file, cancelled } = sending
    const onSent = (sentBytes: number) => {
      queue = changed(queue, id, { sentBytes })
      views.update(queue.uploads)
    }
    try {
      sending.taken = await putFile(file, onSent, cancelled.signal)
      queue = afterTry(queue, id, { kind: 'taken' }, Date.now())
      void handOver(id, sending)
    } catch (error) {
      if (cancelled.signal.aborted) return
      const upload = queue.uploads.find((one) => one.id === id)
      const outcome = await outcomeOf(error, file, upload?.tries ?? 1)
      queue = afterTry(queue, id, outcome, Date.now())
      if (error instanceof Refused && error.status === 401) line.onNotEntered()
    }
    hold()
  }

  async function handOver(id: number, sending: Sending) {
    const { text, nonce, cancelled, taken } = sending
    if (!taken) return
    try {
      const { answer } = await untilAnswered(line, () => say(room, { nonce, text, file: taken.file }), {
        signal: cancelled.signal,
      })
      if (answer) onAnswer(answer)
      sending.isAnswered = true
      if (answer) remove(id)
      else setTimeout(() => remove(id), ARRIVAL_MS)
    } catch (error) {
      if (cancelled.signal.aborted) return
      // It can be asked for again without sending it again, while the server has it.
      if (error instanceof Refused && error.code === 'upload_gone') sending.taken = null
      sending.nonce = newNonce()
      const message = error instanceof Error ? error.message : String(error)
      queue = afterTry(queue, id, { kind: 'refused', message }, Date.now())
      hold()
    }
  }

  function remove(id: number) {
    sendings.get(id)?.cancelled.abort()
    sendings.delete(id)
    queue = withoutUpload(queue, id)
    hold()
  }

  function again(id: number) {
    const sending = sendings.get(id)
    if (!sending) return
    queue = tryAnew(queue, id)
    if (sending.taken) {
      queue = afterTry(queue, id, { kind: 'taken' }, Date.now())
      void handOver(id, sending)
    }
    hold()
  }

  function view(first: Upload): View<Upload> {
    const fill = element('span', { class: 'fill' })
    const bar = element(
      'span',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': `Upload of ${first.name}`,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
      },
      fill,
    )
    const figures = element('span', { class: 'standing figures' })
    const note = element('p', { class: 'note' })
    const anew = element('button', { type: 'button' }, 'Try again')
    const away = element('button', { type: 'button', class: 'quiet icon' }, icon('close'))
    anew.addEventListener('click', () => again(first.id))
    away.addEventListener('click', () => remove(first.id))
    const row = element(
      'li',
      { class: 'pending upload' },
      icon('note'),
      element('p', { class: 'words' }, first.name),
      figures,
      bar,
      note,
      anew,
      away,
    )
    function update({ state, bytes, sentBytes, note: words }: Upload) {
      const percent = Math.floor((100 * sentBytes) / bytes)
      setAttribute(row, 'data-state', state)
      setAttribute(bar, 'aria-valuenow', String(percent))
      fill.style.transform = `scaleX(${percent / 100})`
      setText(figures, figuresOf(state, bytes, sentBytes, percent))
      setText(note, words ?? '')
      note.hidden = words === null
      bar.hidden = state === 'failed'
      const hadFocus = document.activeElement === anew
      anew.hidden = state !== 'failed'
      setAttribute(away, 'aria-label', `${state === 'failed' ? 'Dismiss' : 'Cancel'} ${first.name}`)
      if (hadFocus && anew.hidden) away.focus()
    }
    update(first)
    return { element: row, update }
  }

  line.back.addEventListener('back', () => {
    queue = wakened(queue)
    hold()
  })

  return {
    add(files, text) {
      for (const file of files) {
        const reason = reasonNotToSend(file, maxUploadBytes)
        if (reason !== null) {
          onRefused(reason)
          continue
        }
        const id = ++lastId
        sendings.set(id, {
          file,
          text,
          nonce: newNonce(),
          taken: null,
          cancelled: new AbortController(),
          isAnswered: false,
        })
        queue = withUpload(queue, { id, name: file.name, bytes: file.size })
      }
      hold()
      onChange()
    },
    hasArrived() {
      for (const [id, { isAnswered }] of sendings) if (isAnswered) remove(id)
    },
  }
}

function figuresOf(state: Upload['state'], bytes: number, sentBytes: number, percent: number): string {
  if (state === 'uploading') return `${sizeInWords(sentBytes)} of ${sizeInWords(bytes)} · ${percent}%`
  if (state === 'asking') return 'Sent: the request is made…'
  return state === 'waiting' ? `${sizeInWords(bytes)} · waiting` : sizeInWords(bytes)
}

async function outcomeOf(error: unknown, file: File, tries: number): Promise<Outcome> {
  if (error instanceof Unreachable) {
    // A file that was moved or changed meanwhile ends a try in the same way.
    const isReadable = await file
      .slice(0, 1)
      .arrayBuffer()
      .then(
        () => true,
        () => false,
      )
    if (isReadable) return { kind: 'lost' }
    return { kind: 'refused', message: `${file.name} can no longer be read: give it again.` }
  }
  const waitMs = waitAfter(error, tries)
  if (waitMs === Number.POSITIVE_INFINITY) return { kind: 'lost' }
  if (waitMs !== null) return { kind: 'busy', waitMs }
  return { kind: 'refused', message: error instanceof Error ? error.message : String(error) }
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
