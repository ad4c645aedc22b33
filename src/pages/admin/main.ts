// The operator's page: all that it shows comes through one stream.
import { byId, setAttribute, setText } from '../element.ts'
import { discardedList } from './discarded.ts'
import { courierList, machineList } from './machines.ts'
import { queueTable } from './queues.ts'
import { requestList } from './requests.ts'
import { openStream } from './stream.ts'

const line = byId('line', HTMLElement)
const lineWords = byId('line-words', HTMLElement)
const page = byId('admin', HTMLElement)
const requests = requestList()

function showLine(state: 'live' | 'away', words: string) {
  setAttribute(line, 'data-line', state)
  setText(lineWords, words)
}

openStream({
  events: {
    queues: queueTable(),
    counts: requests.showCounts,
    working: (shown) => requests.show('working', shown),
    ready: (shown) => requests.show('ready', shown),
    delivered: (shown) => requests.show('delivered', shown),
    failed: (shown) => requests.show('failed', shown),
    cancelled: (shown) => requests.show('cancelled', shown),
    discarded: discardedList(),
    machines: machineList(),
    couriers: courierList(),
  },
  onTold() {
    setAttribute(page, 'aria-busy', null)
    showLine('live', 'Live')
  },
  onAway: () => showLine('away', 'Reconnecting …'),
  // Loaded again it is the way in.
  onNotEntered: () => window.location.reload(),
})
