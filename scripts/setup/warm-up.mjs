// The first analysis in a new environment compiles librosa's inner loops, which takes half a minute. That is done
// here, so that nobody's first song waits for it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pythonOf } from './environments.mjs'
import { runProgram } from './program.mjs'
import { openStep, say } from './progress.mjs'
import { root } from './root.mjs'
import { setting } from './setting.mjs'

const usualSeconds = 40 // for the bar

const cacheFolder = resolve(root, setting('DATA_DIR') ?? '.data', 'cache')
const stampFile = join(cacheFolder, 'warmed-up')
// Compiled code belongs to one environment.
const wantedStamp = () => readFileSync(join(root, '.venv', 'separate', '.set-up'), 'utf8')

export function isWarmedUp() {
  try {
    return readFileSync(stampFile, 'utf8') === wantedStamp()
  } catch {
    return false
  }
}

export async function warmUp() {
  const step = openStep('Warming up', 'compiling the analysis')
  const startedAt = Date.now()
  const fraction = () => (Date.now() - startedAt) / 1000 / usualSeconds
  const timer = setInterval(() => step.update(Math.min(fraction(), 0.99)), 300)
  try {
    await runProgram(pythonOf('separate'), ['-m', 'stemtools.analyze', '--warm-up'], '', {
      env: {
        PYTHONPATH: join(root, 'python'),
        PYTHONHOME: undefined,
        NUMBA_CACHE_DIR: join(cacheFolder, 'numba'),
      },
    })
    mkdirSync(cacheFolder, { recursive: true })
    writeFileSync(stampFile, wantedStamp())
    step.end('done')
  } catch (error) {
    step.fail()
    say(`Warming up did not work, so the first song takes longer: ${error.tail?.at(-1) ?? error.message}`)
  } finally {
    clearInterval(timer)
  }
}
