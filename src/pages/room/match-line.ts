// Whose sound a request's is, where that was matched: the person can hear whether it is the right one.
import type { RoomCard } from '../../chat/room/wire.ts'
import { element, hiddenWords, outerLink } from '../element.ts'
import type { View } from '../keyed-list.ts'

export function matchLine(): View<RoomCard['match']> {
  const line = element('p', { class: 'match' })
  let shown = ''
  return {
    element: line,
    update(match) {
      line.hidden = match === null
      const next = JSON.stringify(match)
      if (match === null || next === shown) return
      shown = next
      const link = outerLink(match.link, match.label, hiddenWords(' (in a new tab)'))
      // Nobody is told how sure a person is of their own choice.
      const sure = match.confidence === null ? [] : [` · ${match.confidence} % sure`]
      line.replaceChildren('Sound: ', link, ...sure)
    },
  }
}
