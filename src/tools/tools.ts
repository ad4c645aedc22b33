// The Python tools as the stages see them: which environment, what they are told, what they may answer.
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Settings } from '../config.ts'
import { resolvedSchema } from '../domain/recording.ts'
import { ToolError, UserError } from '../errors.ts'
import { inSpan } from '../telemetry/spans.ts'
import { ToolPool } from './pool.ts'
import { analysisResult, downloadResult, encodeResult, separationResult } from './protocol.ts'
import type { RunOptions, ToolCommand } from './tool.ts'

const CLONE = join(import.meta.dirname, '../..')
/** A warm tool above this is not kept for the next job. */
const MAX_IDLE_BYTES = 4 * 1024 ** 3

const RESULTS = {
  resolve: resolvedSchema,
  download: downloadResult,
  analyze: analysisResult,
  separate: separationResult,
  encode: encodeResult,
} as const
export type ToolName = keyof typeof RESULTS
type ToolResult<N extends ToolName> = z.infer<(typeof RESULTS)[N]>
export type ToolRun = Omit<RunOptions, 'stallSeconds'>

export type Tools = {
  run<N extends ToolName>(name: N, request: Record<string, unknown>, options: ToolRun): Promise<ToolResult<N>>
  close(): Promise<void>
}

/** How to start a tool; tests hand in scripts of their own. */
export type Commands = (name: ToolName) => ToolCommand

export function createTools(settings: Settings, commands: Commands = pythonCommands(settings)): Tools {
  const pool = (name: ToolName, idleSeconds: number) =>
    new ToolPool(name, () => commands(name), { idleSeconds, maxIdleBytes: MAX_IDLE_BYTES })
  const pools: Record<ToolName, ToolPool> = {
    resolve: pool('resolve', 0),
    download: pool('download', 0),
    analyze: pool('analyze', settings.TOOL_IDLE_SECONDS),
    separate: pool('separate', settings.TOOL_IDLE_SECONDS),
    encode: pool('encode', settings.TOOL_IDLE_SECONDS),
  }
  return {
    run(name, request, options) {
      return inSpan(`tool ${name}`, {}, async () => {
        const line = await pools[name].run(request, { ...options, stallSeconds: settings.STALL_SECONDS })
        const result = RESULTS[name].safeParse(line)
        if (result.success) return result.data as ToolResult<typeof name>
        throw new ToolError(
          'bad_answer',
          `The ${name} tool gave a result that makes no sense.`,
          true,
          result.error.message,
        )
      })
    },
    close: async () => {
      await Promise.all(Object.values(pools).map((each) => each.close()))
    },
  }
}

/** The commands of the real tools, in the environments that the set-up made. */
export function pythonCommands(settings: Settings): Commands {
  const env = toolEnvironment(settings, process.env)
  return (name) =>
    pythonCommand(
      name === 'download' || name === 'resolve' ? 'download' : 'separate',
      `stemtools.${name}`,
      ['--serve'],
      env,
    )
}

export function pythonCommand(
  environment: 'separate' | 'download',
  module: string,
  args: string[],
  env: Record<string, string>,
): ToolCommand {
  const folder = join(CLONE, '.venv', environment)
  if (!existsSync(join(folder, 'bin/python'))) throw new UserError('setup_incomplete')
  // By its real path: what is started keeps its own packages when an update puts others in their place.
  return {
    file: join(realpathSync(folder), 'bin/python'),
    args: ['-u', '-m', module, ...args],
    cwd: CLONE,
    env,
  }
}

/** What of our environment a tool gets: proxies and certificates, its own settings, never the database or a chat's secrets. */
const PASSED_ON =
  /^(PATH|LANG|LC_\w+|TZ|TMPDIR|(https?|no|all)_proxy|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|HF_\w+|SPOTIFY_CLIENT_\w+|YTDLP_\w+|DOWNLOAD_PROXY|CUDA_\w+|NVIDIA_\w+|LD_LIBRARY_PATH|PYTORCH_\w+|NUMBA_CACHE_DIR|OPENBLAS_\w+|PYTHONDONTWRITEBYTECODE)$/i

export function toolEnvironment(settings: Settings, from: NodeJS.ProcessEnv): Record<string, string> {
  const cache = join(settings.DATA_DIR, 'cache')
  mkdirSync(cache, { recursive: true })
  const passed = Object.fromEntries(
    Object.entries(from).filter(([name, value]) => PASSED_ON.test(name) && value),
  )
  return {
    NUMBA_CACHE_DIR: join(cache, 'numba'),
    HF_HOME: join(cache, 'huggingface'),
    TORCH_HOME: join(cache, 'torch'),
    ...(passed as Record<string, string>),
    ...(settings.YTDLP_COOKIES ? { YTDLP_COOKIES: settings.YTDLP_COOKIES } : {}),
    HOME: cache,
    XDG_CACHE_HOME: cache,
    XDG_CONFIG_HOME: cache,
    PYTHONPATH: join(CLONE, 'python'),
    PYTHONNOUSERSITE: '1',
    OMP_NUM_THREADS: String(settings.threadsPerTool),
    MKL_NUM_THREADS: String(settings.threadsPerTool),
    NODE_RUNTIME: process.execPath,
  }
}
