// Requests that somebody looks for, by state, number or words: as many as are asked for, looked for again when something has changed.
import type { AdminRequest, RequestGroup } from '../../web/admin/wire.ts'
import { byId } from '../element.ts'
import { failureWords } from '../failures.ts'
import { keyedList } from '../keyed-list.ts'
import { findRequests } from './api.ts'
import { requestRow } from './request-row.ts'

const WRITING_MS = 250
/** However often things change. */
const AGAIN_MS = 2_000

export type Search = {
  filter(state: RequestGroup | null): void
  /** Something has changed. */
  lookAgain(): void
}

/** @param onLooking whether anything is looked for now */
export function openSearch(onLooking: (isLooking: boolean) => void): Search {
  const field = byId('search', HTMLInputElement)
  const found = byId('found', HTMLElement)
  const none = byId('found-none', HTMLElement)
  const list = byId('found-list', HTMLElement)
  const more = byId('found-more', HTMLButtonElement)
  const rows = keyedList(list, ({ id }: AdminRequest) => id, requestRow)
  let state: RequestGroup | null = null
  let pages = 1
  let looking = new AbortController()
  let timer: number | undefined

  const text = () => field.value.trim()
  const isLooking = () => state !== null || text() !== ''

  async function look() {
    window.clearTimeout(timer)
    timer = undefined
    looking.abort()
    looking = new AbortController()
    const { signal } = looking
    onLooking(isLooking())
    found.hidden = !isLooking()
    if (!isLooking()) return rows.update([])
    const requests: AdminRequest[] = []
    let hasMore = true
    try {
      for (let page = 0; page < pages && hasMore; page++) {
        const before = requests.at(-1)?.number
        const part = await findRequests({ state, text: text(), ...(before ? { before } : {}) }, signal)
        requests.push(...part.requests)
        hasMore = part.hasMore
      }
    } catch (error) {
      if (signal.aborted) return
      none.textContent = failureWords(error)
      none.hidden = false
      return
    }
    rows.update(requests)
    list.hidden = requests.length === 0
    none.textContent = 'There is no such request.'
    none.hidden = requests.length > 0
    more.hidden = !hasMore
  }
  const lookAnew = () => {
    pages = 1
    void look()
  }

  field.addEventListener('input', () => {
    window.clearTimeout(timer)
    timer = window.setTimeout(lookAnew, WRITING_MS)
  })
  more.addEventListener('click', () => {
    pages++
    void look()
  })
  return {
    filter(wanted) {
      state = wanted
      lookAnew()
    },
    lookAgain() {
      if (isLooking()) timer ??= window.setTimeout(look, AGAIN_MS)
    },
  }
}
