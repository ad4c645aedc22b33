// A card's stages as a plan block, a task for each, where a workspace takes it. Pure.
// https://docs.slack.dev/reference/block-kit/blocks/plan-block
import type { PlanBlock, TaskCardBlock } from '@slack/web-api'
import type { Card } from '../../domain/card.ts'
import { plainText } from '../foreign-text.ts'
import { percentOf } from '../stage-bar.ts'

const LONGEST_TITLE = 150
const STATUS: Record<Card['lines'][number]['state'], TaskCardBlock['status']> = {
  ahead: 'pending',
  waiting: 'pending',
  retrying: 'pending',
  running: 'in_progress',
  done: 'complete',
  discarded: 'error',
}

export function planOf(card: Card): PlanBlock {
  const done = card.lines.filter(({ state }) => state === 'done').length
  return {
    type: 'plan',
    title: `${done} of ${card.lines.length} done`,
    tasks: card.lines.map((line): TaskCardBlock => {
      const percent = line.state === 'running' ? ` ${percentOf(line)}%` : ''
      const note = line.note ? ` (${line.note})` : ''
      return {
        type: 'task_card',
        task_id: line.stage,
        title: plainText(`${line.label}${percent}${note}`, LONGEST_TITLE),
        status: STATUS[line.state],
      }
    }),
  }
}

export function hasPlan(blocks: { type: string }[]): boolean {
  return blocks.some(({ type }) => type === 'plan')
}
