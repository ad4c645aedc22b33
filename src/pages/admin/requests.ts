// The requests: the newest of each state as they change, or those that somebody looks for.
import type { AdminRequest, AdminState, RequestGroup } from '../../web/admin/wire.ts'
import { byId, element, setAttribute, setText } from '../element.ts'
import { keyedList } from '../keyed-list.ts'
import { requestRow } from './request-row.ts'
import { openSearch } from './search.ts'

const GROUPS: Record<RequestGroup, string> = {
  working: 'Working',
  ready: 'Ready',
  delivered: 'Delivered today',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
const NAMES = Object.keys(GROUPS) as RequestGroup[]

type RequestList = {
  showCounts(counts: AdminState['counts']): void
  show(group: RequestGroup, requests: AdminRequest[]): void
}

export function requestList(): RequestList {
  const newest = byId('newest', HTMLElement)
  const none = element('p', { class: 'panel empty' }, 'Nothing was asked for yet.')
  const groups = new Map(NAMES.map((name) => [name, groupView(name)]))
  newest.append(none, ...[...groups.values()].map((group) => group.element))
  const tabs = new Map<RequestGroup | null, HTMLButtonElement>()
  let chosen: RequestGroup | null = null

  const search = openSearch((isLooking) => {
    newest.hidden = isLooking
  })
  const choose = (group: RequestGroup | null) => {
    chosen = group
    for (const [name, tab] of tabs) setAttribute(tab, 'aria-pressed', String(name === group))
    search.filter(group)
  }
  for (const name of [null, ...NAMES]) {
    const label = element('span', {}, name ? GROUPS[name] : 'Newest')
    const tab = element('button', { type: 'button', 'aria-pressed': String(name === chosen) }, label)
    if (name) tab.append(element('span', { class: 'tally' }, '0'))
    tab.addEventListener('click', () => choose(name))
    tabs.set(name, tab)
  }
  byId('groups', HTMLElement).append(...tabs.values())

  return {
    showCounts(counts) {
      for (const name of NAMES) {
        const tally = tabs.get(name)?.querySelector('.tally')
        if (tally) setText(tally, String(counts[name]))
        groups.get(name)?.showCount(counts[name])
      }
      none.hidden = NAMES.some((name) => counts[name] > 0)
      search.lookAgain()
    },
    show(group, requests) {
      groups.get(group)?.show(requests)
      search.lookAgain()
    },
  }
}

function groupView(name: RequestGroup) {
  const title = element('h3', { id: `group-${name}` }, GROUPS[name])
  const tally = element('span', { class: 'tally figures' })
  const list = element('ul', { class: 'panel', role: 'list', 'aria-labelledby': title.id })
  const group = element(
    'div',
    { class: 'group', hidden: true },
    element('div', { class: 'group-head' }, title, tally),
    list,
  )
  const rows = keyedList(list, ({ id }: AdminRequest) => id, requestRow)
  let count = 0
  let shown = 0
  const showTally = () => setText(tally, count > shown ? `the newest ${shown} of ${count}` : String(shown))
  return {
    element: group,
    showCount(all: number) {
      count = all
      showTally()
    },
    show(requests: AdminRequest[]) {
      shown = requests.length
      rows.update(requests)
      group.hidden = shown === 0
      showTally()
    },
  }
}
