// One Python tool in a process of its own: requests in, lines out, one job at a time. Ended with its whole process group.
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { ToolError } from '../errors.ts'
import type { ToolExit } from '../telemetry/events.ts'
import { inThisSpan, recordSpan } from '../telemetry/spans.ts'
import { type Line, lineSchema } from './protocol.ts'

export type ToolCommand = { file: string; args: string[]; cwd: string; env: Record<string, string> }
export type RunOptions = {
  signal: AbortSignal
  /** Without a line for this long the tool counts as hung. */
  stallSeconds: number
  onProgress: (fraction: number, step: string | null) => void
}

/** Time a tool has to answer a cancel, and to go after SIGTERM, before the next harder means. */
const CANCEL_MS = 2_000
const FORCE_KILL_MS = 2_000
const STDERR_TAIL = 4_000

function spawn({ file, args, cwd, env }: ToolCommand) {
  return execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    killDescendants: true,
    forceKillAfterDelay: FORCE_KILL_MS,
  })
}

export class Tool {
  readonly #process: ReturnType<typeof spawn>
  readonly #startedMs = Date.now()
  readonly exited: Promise<string>
  #stderr = ''
  #hear: ((line: Line | 'ended') => void) | undefined
  /** No longer fit for another job. */
  dead = false
  /** Why it was ended; unset while nobody has ended it. */
  endedFor: ToolExit | undefined

  constructor(command: ToolCommand) {
    this.#process = spawn(command)
    this.#process.stdin.on('error', () => {}) // a dead tool is seen by its exit
    this.#process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_TAIL)
    })
    const lines = createInterface({ input: this.#process.stdout })
    lines.on('line', (text) => this.#onLine(text))
    this.exited = this.#process.then((result) => {
      this.dead = true
      const how = describeExit(result)
      // Its last lines are still in the pipe when the process has gone.
      setImmediate(() => this.#hear?.('ended'))
      return how
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /**
   * Runs one request; the tool must be idle.
   * @returns the result line's payload
   * @throws ToolError whatever goes wrong, `cancelled` when the signal was aborted
   */
  async run(
    id: string,
    request: Record<string, unknown>,
    options: RunOptions,
  ): Promise<Record<string, unknown>> {
    const { signal, stallSeconds, onProgress } = options
    if (signal.aborted) throw new ToolError('cancelled', undefined, false)
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      let stall: NodeJS.Timeout | undefined
      let hardCancel: NodeJS.Timeout | undefined
      const settle = (action: () => void) => {
        clearTimeout(stall)
        clearTimeout(hardCancel)
        signal.removeEventListener('abort', cancel)
        this.#hear = undefined
        action()
      }
      const fail = (error: ToolError) => settle(() => reject(error))
      const restartStall = () => {
        clearTimeout(stall)
        stall = setTimeout(() => {
          this.kill('stalled')
          fail(
            new ToolError(
              'tool_stalled',
              `The tool showed no sign of life for ${stallSeconds} seconds and was ended.`,
              true,
              this.#stderr,
            ),
          )
        }, stallSeconds * 1000)
      }
      const cancel = () => {
        this.#write({ cancel: id })
        hardCancel = setTimeout(() => {
          this.kill('cancelled')
          fail(new ToolError('cancelled', undefined, false))
        }, CANCEL_MS)
      }
      this.#hear = inThisSpan((line) => {
        if (line === 'ended') {
          void this.exited.then((how) =>
            fail(
              signal.aborted
                ? new ToolError('cancelled', undefined, false)
                : new ToolError('tool_crashed', how, true, this.#stderr),
            ),
          )
          return
        }
        restartStall()
        if (line.type === 'ready')
          return recordSpan('start process', { startMs: this.#startedMs, endMs: Date.now() })
        if (line.id !== null && line.id !== id) return
        if (line.type === 'span') recordStep(line)
        if (line.type === 'progress') onProgress(line.fraction, stepOf(line))
        if (line.type === 'result') settle(() => resolve(line))
        if (line.type === 'error')
          fail(new ToolError(line.code, line.message, line.retryable, this.#stderr, line))
      })
      signal.addEventListener('abort', cancel, { once: true })
      restartStall()
      if (this.dead) this.#hear('ended')
      else this.#write({ id, ...request })
    })
  }

  /** SIGTERM to the tool's process group, SIGKILL after a while. */
  kill(why: ToolExit): void {
    this.dead = true
    this.endedFor ??= why
    this.#process.kill()
  }

  #write(message: object): void {
    this.#process.stdin.write(`${JSON.stringify(message)}\n`)
  }

  #onLine(text: string): void {
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      this.#stderr = `${this.#stderr}[stdout] ${text}\n`.slice(-STDERR_TAIL) // noise of a library: kept for the log
      return
    }
    const line = lineSchema.safeParse(parsed)
    if (line.success) {
      this.#hear?.(line.data)
      return
    }
    const hear = this.#hear
    this.kill('crashed')
    hear?.({
      type: 'error',
      id: null,
      code: 'bad_answer',
      retryable: true,
      message: 'The tool gave an answer that makes no sense: it was ended.',
    })
  }
}

/** `fetching, 3.1 of 5.4 MB` */
function stepOf({ step, bytes, totalBytes }: Extract<Line, { type: 'progress' }>): string | null {
  if (bytes === undefined) return step ?? null
  const megabytes = (count: number) => (count / 1e6).toFixed(1)
  const amount = totalBytes ? `${megabytes(bytes)} of ${megabytes(totalBytes)} MB` : `${megabytes(bytes)} MB`
  return step === undefined ? amount : `${step}, ${amount}`
}

function recordStep({ name, start, end, attributes, error }: Extract<Line, { type: 'span' }>): void {
  const times = { startMs: start * 1000, endMs: end * 1000 }
  recordSpan(name, times, { ...(attributes ? { attributes } : {}), errorCode: error })
}

function describeExit(result: {
  exitCode?: number | undefined
  signal?: string | undefined
  code?: string | undefined
}): string {
  if (result.signal === 'SIGKILL')
    return 'The tool was killed by the system, most likely for lack of memory: close other programs or use a smaller model.'
  if (result.signal) return `The tool was ended by ${result.signal} without an answer.`
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    return 'The tool cannot be started: run `npm run setup`.'
  return `The tool stopped with exit code ${result.exitCode ?? 'unknown'} and no answer: the log has its last words.`
}
