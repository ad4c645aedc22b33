// What it costs to keep songs in a bucket in place of this machine's disk: time and memory of large stems, and what it adds to a stage.
import { join } from 'node:path'
import { execa } from 'execa'
import { startS3 } from '../test/support/s3-server.ts'
import type { FilesSide } from './files-side.ts'
import { CLONE } from './machine.ts'
import { goal, ms, printTable } from './table.ts'
import type { Workplace } from './workplace.ts'

const MiB = 1024 ** 2
const ALL_MIB = 4 * 60
/** Held in memory, the files alone would be more. */
const GOAL_BYTES = 240 * MiB

export async function benchFiles({ folder, cleanup }: Workplace): Promise<void> {
  console.log('Files: on the disk, then in a bucket …')
  const s3 = await startS3()
  cleanup.defer(s3.stop)
  const rows = []
  let isMet = false
  for (const [name, env] of [
    ['on this disk', { FILES: 'disk' }],
    ['in a bucket on this machine', s3.env],
  ] as const) {
    const script = join(CLONE, 'bench/files-side.ts')
    const dirs = ['here', 'there'].map((dir) => join(folder, `${env.FILES?.slice(0, 2)}-${dir}`))
    const { stdout } = await execa({ env })`${process.execPath} ${[script, ...dirs]}`
    const side = JSON.parse(stdout) as FilesSide
    isMet = side.peakBytes < GOAL_BYTES
    const rate = (seconds: number) => (seconds < 0.05 ? '–' : `${(ALL_MIB / seconds).toFixed(0)} MiB/s`)
    rows.push([
      name,
      ...[side.publishSeconds, side.bringSeconds, side.readSeconds].map(rate),
      ms(side.publishMs),
      ms(side.bringMs),
      (side.peakBytes / MiB).toFixed(0),
    ])
  }
  printTable(
    'An attempt’s four stems of 60 MiB: sent, brought to another machine, read by the web server; and four small ones',
    ['', 'sent', 'brought', 'read', 'small, sent (ms)', 'small, brought (ms)', 'peak MiB'],
    rows,
    [goal('below 240 MiB', isMet), 'The store, its disk and we share the same cores.'],
  )
}
