// npm run bench [-- queue | scaling | separation | job | analysis | upload | files | matching]: measures the parts that are named, or all of them.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchAnalysis } from './analysis.ts'
import { benchFiles } from './files.ts'
import { CLONE, describeMachine } from './machine.ts'
import { benchMatching } from './matching.ts'
import { benchQueue } from './queue.ts'
import { benchScaling } from './scaling.ts'
import { benchSeparation } from './separation.ts'
import { benchUpload } from './upload.ts'
import { benchWholeJob } from './whole-job.ts'
import { openWorkplace, type Workplace } from './workplace.ts'

const parts: Record<string, (place: Workplace) => Promise<void>> = {
  queue: benchQueue,
  scaling: benchScaling,
  separation: (place) => benchSeparation(place, { seconds, rounds }),
  job: benchWholeJob,
  analysis: benchAnalysis,
  upload: benchUpload,
  files: benchFiles,
  matching: benchMatching,
}
const { chosen, seconds, rounds } = readArguments()

// What the set-up has compiled: in a folder of its own, a first import of librosa would cost half a minute.
process.env['NUMBA_CACHE_DIR'] ??= resolve(CLONE, process.env['DATA_DIR'] ?? '.data', 'cache/numba')

let place: Workplace | undefined
let isInterrupted = false
// Not once(): with no listener left, execa's own would end the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (isInterrupted) return
    isInterrupted = true
    await place?.cleanup.disposeAsync()
    process.exit(130)
  })
}

console.log(describeMachine())
for (const name of chosen) {
  place = await openWorkplace()
  try {
    await parts[name]?.(place)
  } catch (error) {
    if (isInterrupted) break
    console.error(`\nThe bench of ${name} failed:`, error)
    process.exitCode = 1
  } finally {
    await place.cleanup.disposeAsync()
  }
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string', default: '24' }, rounds: { type: 'string', default: '2' } },
    })
    const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
    const areKnown = positionals.every((name) => Object.hasOwn(parts, name))
    if (!areKnown || !(seconds > 0) || !(rounds >= 1)) throw new Error('an argument makes no sense')
    return { chosen: positionals.length > 0 ? positionals : Object.keys(parts), seconds, rounds }
  } catch (error) {
    console.error(`${(error as Error).message}\nUsage: npm run bench -- [${Object.keys(parts).join('] [')}]`)
    console.error(
      '  --seconds 24  of the song that is separated\n  --rounds 2    of separation, the best counts',
    )
    return process.exit(2)
  }
}
