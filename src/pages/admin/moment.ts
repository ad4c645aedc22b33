// A moment as a <time>: how long ago in words, exactly where the pointer rests on it.
import { element, setAttribute } from '../element.ts'
import { showAge } from './ages.ts'

export type Moment = { element: HTMLTimeElement; show(at: string, inWords?: (age: string) => string): void }

export function momentView(): Moment {
  const node = element('time')
  return {
    element: node,
    show(at, inWords = (age) => `${age} ago`) {
      setAttribute(node, 'datetime', at)
      setAttribute(node, 'title', new Date(at).toLocaleString())
      showAge(node, at, inWords)
    },
  }
}
