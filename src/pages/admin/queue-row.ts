// A queue: how many jobs wait and run, how many may, and what may be changed.
import type { AdminQueue, QueueAction } from '../../web/admin/wire.ts'
import { element, setAttribute, setText } from '../element.ts'
import type { View } from '../keyed-list.ts'
import { changeQueue } from './api.ts'
import { momentView } from './moment.ts'
import { pressButton } from './press.ts'
import { scaleField } from './scale-field.ts'
import { span } from './words.ts'

const COUNTS = [
  ['available', 'Available'],
  ['scheduled', 'Scheduled'],
  ['retryable', 'Retryable'],
] as const

export function queueRow(first: AdminQueue): View<AdminQueue> {
  const { stage, label } = first
  const standing = element('span', { class: 'badge' })
  const changed = momentView()
  changed.element.className = 'changed'
  const parts = element('span', { class: 'parts' })
  const called = element('span', { class: 'name' }, label)
  const name = element('th', { role: 'rowheader', scope: 'row' }, called, standing, changed.element, parts)
  const counts = COUNTS.map(([key, words]) => {
    const cell = element('td', { role: 'cell', class: 'count', 'data-label': words })
    return { key, cell }
  })
  const oldest = element('td', { role: 'cell', class: 'count', 'data-label': 'Oldest waits' })
  const figure = element('span', { class: 'figure' })
  const fill = element('span', { class: 'fill' })
  const running = element(
    'td',
    { role: 'cell', class: 'running', 'data-label': 'Running' },
    figure,
    element('span', { class: 'bar', 'aria-hidden': 'true' }, fill),
  )
  const scale = scaleField(stage, label)
  const button = (action: QueueAction, words: string, drawing: string, done: string) =>
    pressButton({
      label: words,
      name: `${words} ${label}`,
      drawing,
      work: () => changeQueue(stage, { action }),
      done,
    })
  const pause = button('pause', 'Pause', 'pause', `${label} is paused`)
  const resume = button('resume', 'Resume', 'play', `${label} goes on`)
  const drain = button('drain', 'Drain', 'drain', `${label} is drained`)
  const row = element(
    'tr',
    { role: 'row' },
    name,
    ...counts.map(({ cell }) => cell),
    oldest,
    running,
    element('td', { role: 'cell', 'data-label': 'On each machine' }, scale.element),
    element('td', { role: 'cell' }, element('div', { class: 'controls' }, pause, resume, drain)),
  )

  function update(queue: AdminQueue) {
    const { standing: stands, running: jobs, limit } = queue
    const hadFocus = document.activeElement
    setAttribute(row, 'data-standing', stands)
    setText(standing, STANDINGS[stands])
    standing.hidden = stands === 'open'
    changed.element.hidden = queue.changed === null || (stands === 'open' && queue.perMachine === null)
    if (queue.changed) changed.show(queue.changed.at, changedWords(queue.changed))
    for (const { key, cell } of counts) showCount(cell, String(queue[key]), queue[key] > 0)
    const waits = queue.available + queue.retryable > 0
    showCount(oldest, waits ? span(queue.oldestAgeSeconds) : '–', waits)
    setText(figure, limit === 0 ? `${jobs}, no machine` : `${jobs} of ${limit}`)
    fill.style.transform = `scaleX(${limit === 0 ? Math.sign(jobs) : Math.min(1, jobs / limit)})`
    setText(parts, partWords(queue.parts))
    scale.show(queue.perMachine)
    pause.hidden = stands !== 'open'
    resume.hidden = stands === 'open'
    drain.hidden = stands === 'draining' || stands === 'drained'
    if (hadFocus === pause && pause.hidden) resume.focus()
    if (hadFocus === resume && resume.hidden) pause.focus()
    if (hadFocus === drain && drain.hidden) resume.focus()
  }
  update(first)
  return { element: row, update }
}

function showCount(cell: HTMLElement, words: string, isSome: boolean) {
  setText(cell, words)
  cell.classList.toggle('none', !isSome)
}

const STANDINGS: Record<AdminQueue['standing'], string> = {
  open: '',
  paused: 'Paused',
  draining: 'Draining',
  drained: 'Drained',
}
const PLACES: Record<string, string> = {
  terminal: 'at the terminal',
  admin: 'here',
  room: 'in the room',
  discord: 'on Discord',
  slack: 'on Slack',
}

/** `set on Slack, 5 min ago` */
function changedWords({ platform }: NonNullable<AdminQueue['changed']>): (age: string) => string {
  return (age) => `set ${PLACES[platform] ?? platform}, ${age} ago`
}

/** `Room 1 of 2 · Discord 0 of 2, 3 waiting` */
function partWords(parts: AdminQueue['parts']): string {
  return parts
    .map(({ label, running, limit, available, scheduled, retryable }) => {
      const waiting = available + scheduled + retryable
      return `${label} ${running} of ${limit}${waiting > 0 ? `, ${waiting} waiting` : ''}`
    })
    .join(' · ')
}
