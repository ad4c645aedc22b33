// How long ago things were, counted on by one timer, which rests while nobody looks.
import { setText } from '../element.ts'
import { span } from './words.ts'

const EVERY_MS = 1000
const shown = new Map<HTMLElement, { since: number; inWords: (age: string) => string }>()
let timer: number | undefined

/** @param node is left alone once it is no longer on the page */
export function showAge(node: HTMLElement, since: string, inWords: (age: string) => string): void {
  shown.set(node, { since: Date.parse(since), inWords })
  write(node)
  timer ??= window.setInterval(writeAll, EVERY_MS)
}

function writeAll() {
  if (document.hidden) return
  for (const node of shown.keys()) {
    if (node.isConnected) write(node)
    else shown.delete(node)
  }
  if (shown.size > 0) return
  window.clearInterval(timer)
  timer = undefined
}

function write(node: HTMLElement) {
  const age = shown.get(node)
  if (age) setText(node, age.inWords(span((Date.now() - age.since) / 1000)))
}
