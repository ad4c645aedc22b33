// Warm tools: kept between jobs so that no job pays for importing torch, renewed when they grow, let go when idle.
import { randomUUID } from 'node:crypto'
import { emit } from '../telemetry/events.ts'
import { residentBytes } from './resident-bytes.ts'
import { type RunOptions, Tool, type ToolCommand } from './tool.ts'

export type PoolOptions = {
  /** Idle tools are ended after this long; 0 keeps none. */
  idleSeconds: number
  /** A tool that has grown beyond this after a job is ended. */
  maxIdleBytes: number
}

export class ToolPool {
  readonly #name: string
  readonly #command: () => ToolCommand
  readonly #options: PoolOptions
  readonly #idle: { tool: Tool; timer: NodeJS.Timeout }[] = []
  readonly #all = new Set<Tool>()

  constructor(name: string, command: () => ToolCommand, options: PoolOptions) {
    this.#name = name
    this.#command = command
    this.#options = options
  }

  /** Runs a request on an idle tool, or on a new one; how many run at once is the queue's affair. */
  async run(request: Record<string, unknown>, options: RunOptions): Promise<Record<string, unknown>> {
    const tool = this.#take()
    try {
      return await tool.run(randomUUID(), request, options)
    } finally {
      // A cancelled tool may be about to end itself, and may have left children: the next job gets a fresh one.
      if (options.signal.aborted) tool.kill('cancelled')
      this.#giveBack(tool)
    }
  }

  /** Ends every tool and waits until their processes are gone. */
  async close(): Promise<void> {
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    const tools = [...this.#all]
    for (const tool of tools) tool.kill('stopped')
    await Promise.all(tools.map((tool) => tool.exited))
  }

  #take(): Tool {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      clearTimeout(idle.timer)
      if (idle.tool.dead) continue
      emit('tool:busy', this.#about(idle.tool))
      return idle.tool
    }
    const tool = new Tool(this.#command())
    this.#all.add(tool)
    emit('tool:start', this.#about(tool))
    void tool.exited.then(() => {
      this.#all.delete(tool)
      emit('tool:exit', { ...this.#about(tool), reason: tool.endedFor ?? 'crashed' })
    })
    return tool
  }

  #giveBack(tool: Tool): void {
    if (tool.dead) return
    const { idleSeconds, maxIdleBytes } = this.#options
    if (idleSeconds === 0 || residentBytes(tool.pid) > maxIdleBytes) {
      tool.kill(idleSeconds === 0 ? 'done' : 'memory')
      return
    }
    const timer = setTimeout(() => tool.kill('idle'), idleSeconds * 1000)
    timer.unref()
    this.#idle.push({ tool, timer })
    emit('tool:idle', this.#about(tool))
  }

  #about({ pid }: Tool) {
    return { tool: this.#name, pid }
  }
}
