// A request: what and whose it is, a bar for each stage, how it stands, and what may be done.
import type { AdminRequest, RequestAction } from '../../web/admin/wire.ts'
import { element, setAttribute, setText } from '../element.ts'
import { keyedList, type View } from '../keyed-list.ts'
import { stageBar } from '../stage-bar.ts'
import { clock } from '../units.ts'
import { changeRequest } from './api.ts'
import { momentView } from './moment.ts'
import { pressButton } from './press.ts'
import { askedBy, songName } from './words.ts'

export const STATES: Record<AdminRequest['state'], string> = {
  working: 'Working',
  ready: 'Ready',
  delivered: 'Delivered',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
const ACTIONS: Record<RequestAction, { label: string; drawing: string; done: string }> = {
  retry: { label: 'Retry', drawing: 'retry', done: 'is tried again' },
  cancel: { label: 'Cancel', drawing: 'close', done: 'is cancelled' },
}

export function requestRow(first: AdminRequest): View<AdminRequest> {
  const { id, number } = first
  const name = element('span', { class: 'song' })
  const asked = element('p', { class: 'asked' })
  const age = momentView()
  const state = element('span', { class: 'state' })
  const left = element('span', { class: 'left' })
  const bars = element('ul', { class: 'stages', role: 'list', 'aria-label': `Stages of #${number}` })
  const note = element('p', { class: 'note' })
  const problem = element('span')
  const code = element('code')
  const trouble = element('p', { class: 'why' }, problem, ' ', code)
  const buttons = element('div', { class: 'controls' })
  const by = element('span')
  asked.append(by, ' · ', age.element)
  const row = element(
    'li',
    { class: 'request figures' },
    element(
      'div',
      { class: 'what' },
      element('p', {}, element('span', { class: 'number' }, `#${number}`), ' ', name),
      asked,
    ),
    element('div', { class: 'how' }, bars, note, trouble),
    element('div', { class: 'standing' }, state, left, buttons),
  )
  const stages = keyedList(bars, ({ stage }: AdminRequest['lines'][number]) => stage, stageBar)
  const actions = keyedList<RequestAction, View<RequestAction>>(buttons, (action) => action, actionView)

  function actionView(action: RequestAction): View<RequestAction> {
    const { label, drawing, done } = ACTIONS[action]
    const button = pressButton({
      label,
      name: `${label} #${number}`,
      drawing,
      work: () => changeRequest(id, action),
      done: `#${number} ${done}`,
    })
    return { element: button, update() {} }
  }

  function update(request: AdminRequest) {
    setAttribute(row, 'data-state', request.state)
    setText(name, songName(request))
    setText(by, askedBy(request))
    age.show(request.endedAt ?? request.askedAt)
    setText(state, STATES[request.state])
    setText(left, leftWords(request))
    stages.update(request.lines)
    bars.hidden = request.lines.length === 0
    setText(note, request.error ? '' : (request.note ?? ''))
    setText(problem, request.error?.message ?? '')
    setText(code, request.error?.code ?? '')
    trouble.hidden = request.error === null
    actions.update(request.actions)
  }
  update(first)
  return { element: row, update }
}

function leftWords({ secondsLeft, songs }: AdminRequest): string {
  if (songs) return `${songs.ended} of ${songs.total}`
  return secondsLeft === null || secondsLeft < 1 ? '' : `about ${clock(secondsLeft)} left`
}
