// Which recording is taken for hard cases from public reports: by our matcher, and by spotdl's own code.
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { readSettings } from '../src/config.ts'
import { pythonCommand, toolEnvironment } from '../src/tools/tools.ts'
import { CLONE } from './machine.ts'
import { goal, printTable } from './table.ts'
import type { Workplace } from './workplace.ts'

const outcome = z.enum(['right', 'asked', 'missed', 'wrong'])
const judged = z.object({
  category: z.string(),
  isHeldOut: z.boolean(),
  ours: outcome,
  spotdl: outcome,
  oursWithout: outcome,
  spotdlWithout: outcome,
})
type Judged = z.infer<typeof judged>
type Column = 'ours' | 'spotdl' | 'oursWithout' | 'spotdlWithout'

const count = (cases: Judged[], column: Column, wanted: z.infer<typeof outcome>) =>
  cases.filter((each) => each[column] === wanted).length

export async function benchMatching({ folder }: Workplace): Promise<void> {
  const cases = await judgeAll(join(folder, 'data'))
  const categories = [...new Set(cases.map((each) => each.category))]
  const rows = [
    ...categories.map((name) =>
      row(
        name,
        cases.filter((each) => each.category === name),
      ),
    ),
    row(
      'held out',
      cases.filter((each) => each.isHeldOut),
    ),
    row('total', cases),
  ]
  const taken = (column: Column) => `${count(cases, column, 'wrong')} of ${cases.length}`
  printTable(
    `Matching: ${cases.length} hard cases; what came of our choice, and of spotdl's among the same candidates`,
    ['', 'cases', 'right', 'asked', 'missed', 'wrong', 'spotdl: right', 'missed', 'wrong'],
    rows,
    [
      `with the right recordings taken away, another one is taken: ours ${taken('oursWithout')}, spotdl ${taken('spotdlWithout')}`,
      goal('no wrong recording', count(cases, 'ours', 'wrong') + count(cases, 'oursWithout', 'wrong') === 0),
      goal('nine in ten right without a question', count(cases, 'ours', 'right') >= 0.9 * cases.length),
    ],
  )
}

function row(name: string, cases: Judged[]): string[] {
  const ours = (['right', 'asked', 'missed', 'wrong'] as const).map((each) => count(cases, 'ours', each))
  const spotdls = (['right', 'missed', 'wrong'] as const).map((each) => count(cases, 'spotdl', each))
  return [name, ...[cases.length, ...ours, ...spotdls].map(String)]
}

async function judgeAll(dataDir: string): Promise<Judged[]> {
  const env = toolEnvironment(readSettings({ DATA_DIR: dataDir }, CLONE), process.env)
  const { file, args, cwd } = pythonCommand('download', 'bench.matching', [], env)
  const { stdout } = await execa(file, args, { cwd, env, extendEnv: false })
  return stdout.split('\n').map((line) => judged.parse(JSON.parse(line)))
}
