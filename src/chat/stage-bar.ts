// A stage of a card as a bar of characters, for wherever they are all of one width. Pure.
import type { Card } from '../domain/card.ts'

type Line = Card['lines'][number]

const CELLS = 8
const LABEL_COLUMNS = 10

/** How far a stage has got, in whole percent. */
export function percentOf({ fraction }: Line): number {
  return Math.floor(Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0)) * 100)
}

/** `Separation ███░░░░░  42%` */
export function stageBar(line: Line): string {
  const done = percentOf(line)
  const full = Math.floor((done * CELLS) / 100)
  const bar = '█'.repeat(full) + '░'.repeat(CELLS - full)
  const percent = line.state === 'discarded' ? '   ✗' : `${done}%`.padStart(4)
  return `${line.label.padEnd(LABEL_COLUMNS)} ${bar} ${percent}`
}
