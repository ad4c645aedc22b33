// The table of the queues, and what may be done to all of them at once.
import type { AdminQueue } from '../../web/admin/wire.ts'
import { byId } from '../element.ts'
import { keyedList } from '../keyed-list.ts'
import { changeQueue } from './api.ts'
import { pressButton } from './press.ts'
import { queueRow } from './queue-row.ts'

const ALL = [
  { action: 'pause', label: 'Pause all', drawing: 'pause', done: 'All queues are paused' },
  { action: 'drain', label: 'Drain all', drawing: 'drain', done: 'All queues are drained' },
  { action: 'resume', label: 'Resume all', drawing: 'play', done: 'All queues go on' },
] as const

export function queueTable(): (queues: AdminQueue[]) => void {
  const rows = keyedList(byId('queue-rows', HTMLElement), ({ stage }: AdminQueue) => stage, queueRow)
  for (const { action, label, drawing, done } of ALL) {
    const work = () => changeQueue('all', { action })
    byId('all-queues', HTMLElement).append(pressButton({ label, name: label, drawing, work, done }))
  }
  return (queues) => rows.update(queues)
}
