// A stage of a request: its name, how far it has got, and what there is to say of it.
import type { RoomCard } from '../chat/room/wire.ts'
import { element, setAttribute, setText } from './element.ts'
import type { View } from './keyed-list.ts'

type Stage = RoomCard['lines'][number]

const STATES: Record<Stage['state'], string> = {
  ahead: 'not begun',
  waiting: 'waiting',
  running: 'under way',
  retrying: 'tried again soon',
  done: 'done',
  discarded: 'failed',
}

export function stageBar(stage: Stage): View<Stage> {
  const fill = element('span', { class: 'fill' })
  const bar = element(
    'span',
    {
      class: 'bar',
      role: 'progressbar',
      'aria-label': stage.label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    fill,
  )
  const percent = element('span', { class: 'percent figures', 'aria-hidden': 'true' })
  const note = element('span', { class: 'note' })
  const row = element(
    'li',
    { class: 'stage' },
    element('span', { class: 'label' }, stage.label),
    bar,
    percent,
  )
  row.append(note)

  function update({ state, fraction, note: words }: Stage) {
    const done = Math.floor(Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0)) * 100)
    setAttribute(row, 'data-state', state)
    setAttribute(bar, 'aria-valuenow', String(done))
    setAttribute(bar, 'aria-valuetext', `${done} percent, ${words ?? STATES[state]}`)
    fill.style.transform = `scaleX(${done / 100})`
    setText(percent, state === 'discarded' ? '✗' : state === 'ahead' ? '' : `${done}%`)
    setText(note, words ?? '')
  }
  update(stage)
  return { element: row, update }
}
