// The queues as a table, and the machines that work them. Pure.
import { ago } from '../../../commands/lines.ts'
import { placeInWords } from '../../../commands/queue.ts'
import type { QueueStanding } from '../../queue/control.ts'
import type { WorkerRow } from '../../store/workers.ts'
import { plain } from './render.ts'

const HEAD = ['queue', 'running', 'waiting', 'limit', 'state']
/** Counts stand on the right. */
const RIGHT = new Set(['running', 'waiting', 'limit'])

export function queueTable(standings: QueueStanding[], now: Date): string[] {
  const rows = [HEAD, ...standings.map((standing) => rowOf(standing, now))]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return RIGHT.has(HEAD[column] ?? '') ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

export function machinesLine(workers: WorkerRow[]): string {
  if (workers.length === 0) return 'No machine is at work.'
  const names = workers.map(({ hostname, pid }) => `${plain(hostname)} (process ${pid})`)
  return `At work: ${names.join(', ')}`
}

function rowOf(standing: QueueStanding, now: Date): string[] {
  const { queue, running, waiting, limit, concurrency, state, changedAt, changedBy } = standing
  const isSaid = state !== 'open' || concurrency !== null
  const said =
    isSaid && changedAt && changedBy
      ? `, set ${placeInWords(changedBy.platform)} by ${plain(changedBy.person)} ${ago(changedAt, now)}`
      : ''
  const each = concurrency === null ? '' : ` (${concurrency} each)`
  return [queue, String(running), String(waiting), `${limit}${each}`, `${state}${said}`]
}
