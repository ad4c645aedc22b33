// What an upload of four large stems to Slack costs in memory: ours, streamed from disk, beside the library's own way.

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { startSlack } from '../test/support/slack/server.ts'
import { CLONE, packageVersion } from './machine.ts'
import { goal, printTable } from './table.ts'
import type { Workplace } from './workplace.ts'

const MiB = 1024 ** 2
const FILE_BYTES = 60 * MiB
const GOAL_BYTES = 300 * MiB
const STEMS = ['vocals', 'drums', 'bass', 'other']

export async function benchUpload({ folder, cleanup, database }: Workplace): Promise<void> {
  const slack = await startSlack()
  cleanup.defer(async () => {
    // The library sends its token to the upload host, which the server notes.
    slack.problems.length = 0
    await slack.close()
  })
  const workspace = slack.workspace()
  const files = await Promise.all(
    STEMS.map(async (stem) => {
      const path = join(folder, `${stem}.wav`)
      const file = await open(path, 'w')
      await file.truncate(FILE_BYTES)
      await file.close()
      return path
    }),
  )
  const env = {
    ...process.env,
    DATABASE_URL: await database('upload'),
    DATA_DIR: join(folder, 'data'),
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: workspace.token,
  }
  console.log('Upload: ours, then the library’s …')
  const rows = []
  let isMet = false
  for (const side of ['ours', 'filesUploadV2']) {
    const place = [workspace.channel().id, workspace.user().id, workspace.id]
    const script = join(CLONE, 'bench/upload-side.ts')
    const { stdout } = await execa({ env })`${process.execPath} ${[script, side, ...place, ...files]}`
    const { peakBytes, seconds } = JSON.parse(stdout) as { peakBytes: number; seconds: number }
    if (side === 'ours') isMet = peakBytes < GOAL_BYTES
    const name =
      side === 'ours'
        ? 'here, the whole process'
        : `${side} of @slack/web-api ${packageVersion('@slack/web-api')}`
    rows.push([name, (peakBytes / MiB).toFixed(0), seconds.toFixed(1)])
  }
  printTable(
    `Upload of ${STEMS.length} files of ${FILE_BYTES / MiB} MiB to Slack`,
    ['', 'peak MiB', 'seconds'],
    rows,
    [goal('below 300 MiB', isMet)],
  )
}
