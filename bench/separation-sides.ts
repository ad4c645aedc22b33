// The demucs command and our tool, cold and warm, set up to do exactly the same work.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Settings } from '../src/config.ts'
import { Tool } from '../src/tools/tool.ts'
import { pythonCommand, toolEnvironment } from '../src/tools/tools.ts'
import { watchPeakMemory } from './process-tree.ts'
import { cutSong, runModule } from './python.ts'
import type { Workplace } from './workplace.ts'

const MODEL = 'fullsize'
const STALL_SECONDS = 600
export const OVERLAP = 0.25

export type Run = { seconds: number; peakBytes: number }

/** A full-size htdemucs with random weights computes what the real one computes. */
export async function openSides({ folder, cleanup }: Workplace, settings: Settings, seconds: number) {
  const repo = join(folder, 'models')
  await runModule(settings, 'tests.tiny_model', repo, '--full')
  const song = await cutSong(settings, join(folder, 'song.flac'), seconds)
  const folderOf = async (name: string) => {
    await mkdir(join(folder, name))
    return join(folder, name)
  }
  const [theirs, cold, warm] = [await folderOf('demucs'), await folderOf('cold'), await folderOf('warm')]
  const same = ['--shifts=0', `--overlap=${OVERLAP}`, `--repo=${repo}`, '--device=cpu']

  const demucs = [...same, `--name=${MODEL}`, '--float32', '--clip-mode=none', `--out=${theirs}`, song]
  const ours = [...same, `--model=${MODEL}`, '--format=float32', `--out=${cold}`, '--', song]
  const request = {
    input: song,
    outDir: warm,
    repo,
    model: MODEL,
    device: 'cpu',
    shifts: 0,
    overlap: OVERLAP,
    format: 'float32',
  }
  return {
    demucs: {
      run: () => runProcess(settings, 'demucs.separate', demucs),
      stems: join(theirs, MODEL, 'song'),
    },
    cold: { run: () => runProcess(settings, 'stemtools.separate', ours), stems: cold },
    warm: { run: await openWarm(cleanup, settings, request), stems: warm },
  }
}

/** A whole process, from its start to its end. */
async function runProcess(settings: Settings, module: string, args: string[]): Promise<Run> {
  const command = pythonCommand('separate', module, args, toolEnvironment(settings, process.env))
  const startedAt = performance.now()
  const { file, cwd, env } = command
  const child = execa(file, command.args, { cwd, env, extendEnv: false, stdin: 'ignore' })
  const memory = watchPeakMemory(child.pid ?? 0)
  try {
    await child
    return { seconds: (performance.now() - startedAt) / 1000, peakBytes: memory.peakBytes() }
  } finally {
    memory.stop()
  }
}

/** A tool that has done one request already, as the worker keeps it; its peak is that of its whole life. */
async function openWarm(cleanup: AsyncDisposableStack, settings: Settings, request: Record<string, unknown>) {
  const env = toolEnvironment(settings, process.env)
  const tool = new Tool(pythonCommand('separate', 'stemtools.separate', ['--serve'], env))
  const memory = watchPeakMemory(tool.pid ?? 0)
  cleanup.defer(async () => {
    memory.stop()
    tool.kill('stopped')
    await tool.exited
  })
  const options = {
    signal: new AbortController().signal,
    stallSeconds: STALL_SECONDS,
    onProgress: () => {},
  }
  const run = async (): Promise<Run> => {
    const startedAt = performance.now()
    await tool.run('1', request, options)
    return { seconds: (performance.now() - startedAt) / 1000, peakBytes: memory.peakBytes() }
  }
  await run()
  return run
}
