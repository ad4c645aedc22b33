// What was given up: the song, who asked for it where, and the error of every attempt.
import type { AdminFailure, FailedAttempt } from '../../web/admin/wire.ts'
import { byId, element, setText } from '../element.ts'
import { keyedList, type View } from '../keyed-list.ts'
import { changeRequest } from './api.ts'
import { momentView } from './moment.ts'
import { pressButton } from './press.ts'
import { askedBy, duration, songName } from './words.ts'

const OUTCOMES: Record<FailedAttempt['outcome'], (attempt: number) => string> = {
  failed: (attempt) => `Attempt ${attempt}`,
  crashed: (attempt) => `Attempt ${attempt}, crashed`,
  postponed: () => 'Put off',
}

export function discardedList(): (failures: AdminFailure[]) => void {
  const parent = byId('discarded-list', HTMLElement)
  // Anew after each failure: what failed once more has other attempts.
  const list = keyedList(parent, ({ id, failedAt }: AdminFailure) => `${id} ${failedAt}`, failureView)
  const none = byId('none-discarded', HTMLElement)
  const title = byId('discarded-title', HTMLElement)
  const tally = byId('discarded-tally', HTMLElement)
  const pageTitle = document.title
  return (failures) => {
    const hadFocus = parent.contains(document.activeElement)
    list.update(failures)
    none.hidden = failures.length > 0
    setText(tally, String(failures.length))
    // Seen on the tab, too.
    document.title = failures.length > 0 ? `(${failures.length} discarded) ${pageTitle}` : pageTitle
    // The button that had it is gone.
    if (hadFocus && !parent.contains(document.activeElement)) title.focus()
  }
}

function failureView(failure: AdminFailure): View<AdminFailure> {
  const { id, number } = failure
  const name = songName(failure)
  const failed = momentView()
  failed.show(failure.failedAt, (age) => `failed ${age} ago`)
  const retry = pressButton({
    label: 'Retry',
    name: `Retry #${number}, ${name}`,
    drawing: 'retry',
    work: () => changeRequest(id, 'retry'),
    done: `#${number} is tried again`,
  })
  const head = element(
    'div',
    { class: 'failure-head' },
    element('h3', { id: `failure-${id}` }, element('span', { class: 'number' }, `#${number}`), ` ${name}`),
    element('p', { class: 'asked' }, `${askedBy(failure)} · `, failed.element),
    retry,
  )
  // Attempts are forgotten after some time, requests are not.
  const isForgotten = failure.stages.every(({ attempts }) => attempts.length === 0)
  const stages = failure.stages.map(({ label, attempts }) =>
    element(
      'div',
      { class: 'given-up' },
      element('h4', {}, label),
      element(
        'ol',
        { class: 'attempts', role: 'list', 'aria-label': `Attempts at ${label}` },
        ...attempts.map(attemptRow),
      ),
    ),
  )
  const row = element(
    'li',
    { class: 'failure panel figures', 'aria-labelledby': `failure-${id}` },
    head,
    ...(isForgotten ? [whyText(failure.error)] : stages),
  )
  return { element: row, update() {} }
}

function attemptRow({
  at,
  attempt,
  outcome,
  code,
  message,
  durationMs,
  machine,
}: FailedAttempt): HTMLElement {
  const when = new Date(at)
  return element(
    'li',
    { class: 'attempt', 'data-outcome': outcome },
    element('span', { class: 'which' }, OUTCOMES[outcome](attempt)),
    element('time', { datetime: at, title: when.toLocaleString() }, when.toLocaleTimeString()),
    whyText({ code, message }),
    element('span', { class: 'ran' }, durationMs === null ? '' : `after ${duration(durationMs)}`),
    element('span', { class: 'where' }, machine),
  )
}

function whyText({ code, message }: { code: string; message: string }): HTMLElement {
  return element('span', { class: 'why' }, message, ' ', element('code', {}, code))
}
