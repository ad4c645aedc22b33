// `npm run models`: which models there are, which can be loaded here, and fetching their weights.
import { execa } from 'execa'
import type { Settings } from './config.ts'
import { UserError } from './errors.ts'
import { listModels } from './tools/models.ts'
import { lineSchema } from './tools/protocol.ts'
import { pythonCommand, toolEnvironment } from './tools/tools.ts'

const FETCH_SECONDS = 1800

/** `list` (nothing given), or `fetch <name> …`. @returns the exit code */
export async function models(settings: Settings, [action = 'list', ...names]: string[]): Promise<number> {
  if (action === 'list' && names.length === 0) return list(settings)
  if (action === 'fetch' && names.length > 0) return fetchWeights(settings, names)
  throw new UserError(
    'bad_usage',
    'Use `npm run models` to list, or `npm run models -- fetch htdemucs` to fetch weights.',
  )
}

async function list(settings: Settings): Promise<number> {
  for (const model of await listModels(settings)) {
    const state = model.available
      ? `here, ${model.weights}`
      : (model.hint ?? `not here: npm run models -- fetch ${model.name}`)
    console.log(
      `${model.available ? '✓' : '·'} ${model.name.padEnd(14)} ${(model.sources ?? []).join(', ').padEnd(44)} ${state}`,
    )
  }
  return 0
}

async function fetchWeights(settings: Settings, names: string[]): Promise<number> {
  const { file, args, cwd, env } = pythonCommand(
    'separate',
    'stemtools.models',
    ['fetch', '--', ...names],
    toolEnvironment(settings, process.env),
  )
  let failed = 0
  const run = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    timeout: FETCH_SECONDS * 1000,
    reject: false,
    buffer: false,
    stderr: 'ignore',
  })
  for await (const text of run) {
    const line = lineSchema.safeParse(JSON.parse(text))
    if (!line.success) continue
    if (line.data.type === 'progress')
      console.error(`${line.data.step ?? 'fetching'} ${Math.round(line.data.fraction * 100)}%`)
    if (line.data.type === 'result') console.log(`${line.data.id ?? names.join(', ')}: here`)
    if (line.data.type === 'error') {
      failed++
      console.error(`${line.data.message} (${line.data.code})`)
    }
  }
  const { exitCode } = await run
  return failed > 0 || exitCode !== 0 ? 1 : 0
}
