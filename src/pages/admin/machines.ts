// The machines at work, with what each works on now, and who keeps the platforms' cards up to date.
import type { AdminCourier, AdminMachine, RunningJob } from '../../web/admin/wire.ts'
import { byId, element, setAttribute, setText } from '../element.ts'
import { keyedList, textView, type View } from '../keyed-list.ts'
import { momentView } from './moment.ts'
import { songName } from './words.ts'

export function machineList(): (machines: AdminMachine[]) => void {
  const list = keyedList(byId('machine-list', HTMLElement), ({ id }: AdminMachine) => id, machineView)
  const none = byId('no-machines', HTMLElement)
  const tally = byId('machines-tally', HTMLElement)
  return (machines) => {
    list.update(machines)
    none.hidden = machines.length > 0
    setText(tally, String(machines.length))
  }
}

export function courierList(): (couriers: AdminCourier[]) => void {
  const list = byId('couriers', HTMLElement)
  const shown = keyedList<AdminCourier, View<AdminCourier>>(list, ({ platform }) => platform, courierView)
  return (couriers) => {
    shown.update(couriers)
    list.hidden = couriers.length === 0
  }
}

function courierView(first: AdminCourier): View<AdminCourier> {
  const node = element('li')
  const update = ({ platform, at }: AdminCourier) => {
    const where = at === null ? 'nobody' : at === '' ? 'beside the database' : at
    setText(node, `${platform} cards: ${where}`)
    setAttribute(node, 'data-held', String(at !== null))
  }
  update(first)
  return { element: node, update }
}

function machineView(first: AdminMachine): View<AdminMachine> {
  const since = momentView()
  since.show(first.since, (age) => `up ${age}`)
  const queues = element('ul', { class: 'tags', role: 'list', 'aria-label': 'Its own limits' })
  const models = element('p', { class: 'models' })
  const jobs = element('ul', { class: 'jobs', role: 'list', 'aria-label': 'Running' })
  const rest = element('p', { class: 'rest' }, 'Nothing runs.')
  const about = element(
    'p',
    { class: 'about' },
    element('span', {}, `process ${first.pid}`),
    element('span', {}, since.element),
    models,
  )
  const card = element(
    'li',
    { class: 'machine panel figures' },
    element('h3', {}, first.hostname),
    about,
    queues,
    jobs,
    rest,
  )
  const tags = keyedList<string, View<string>>(queues, (tag) => tag, textView('li'))
  const running = keyedList(jobs, ({ id }: RunningJob) => id, jobView)

  function update(machine: AdminMachine) {
    tags.update(machine.queues.map(({ label, limit }) => `${label} ${limit}`))
    setText(models, machine.models.length > 0 ? machine.models.join(', ') : 'no model')
    running.update(machine.running)
    jobs.hidden = machine.running.length === 0
    rest.hidden = machine.running.length > 0
  }
  update(first)
  return { element: card, update }
}

function jobView(first: RunningJob): View<RunningJob> {
  const song = element('span', { class: 'song' })
  const numbers = element('span', { class: 'number' })
  const since = momentView()
  const step = element('span', { class: 'step' })
  const percent = element('span', { class: 'percent' })
  const fill = element('span', { class: 'fill' })
  const bar = element(
    'span',
    {
      class: 'bar',
      role: 'progressbar',
      'aria-label': first.label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    fill,
  )
  const row = element(
    'li',
    { class: 'job' },
    element('span', { class: 'label' }, first.label),
    song,
    numbers,
    bar,
    percent,
    element('span', { class: 'more' }, since.element, step),
  )
  function update(job: RunningJob) {
    const done = Math.floor(Math.min(1, Math.max(0, job.fraction)) * 100)
    setText(song, songName(job))
    setText(numbers, job.numbers.map((number) => `#${number}`).join(' '))
    setAttribute(bar, 'aria-valuenow', String(done))
    setAttribute(bar, 'aria-valuetext', `${done} percent of ${songName(job)}`)
    fill.style.transform = `scaleX(${done / 100})`
    setText(percent, `${done}%`)
    setText(
      step,
      [job.attempt > 1 ? `attempt ${job.attempt}` : '', job.step ?? ''].filter(Boolean).join(', '),
    )
    since.show(job.since, (age) => age)
  }
  update(first)
  return { element: row, update }
}
