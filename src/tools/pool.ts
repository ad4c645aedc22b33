// Warm tools: kept between jobs so that no job pays for importing torch, renewed when they grow, let go when idle.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type RunOptions, Tool, type ToolCommand } from './tool.ts'

export type PoolOptions = {
  /** Idle tools are ended after this long; 0 keeps none. */
  idleSeconds: number
  /** A tool that has grown beyond this after a job is ended. */
  maxIdleBytes: number
}

const PAGE_BYTES = 4096

export class ToolPool {
  readonly #command: () => ToolCommand
  readonly #options: PoolOptions
  readonly #idle: { tool: Tool; timer: NodeJS.Timeout }[] = []
  readonly #all = new Set<Tool>()

  constructor(command: () => ToolCommand, options: PoolOptions) {
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
      if (options.signal.aborted) tool.kill()
      this.#giveBack(tool)
    }
  }

  /** Ends every tool and waits until their processes are gone. */
  async close(): Promise<void> {
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    const tools = [...this.#all]
    for (const tool of tools) tool.kill()
    await Promise.all(tools.map((tool) => tool.exited))
  }

  #take(): Tool {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      clearTimeout(idle.timer)
      if (!idle.tool.dead) return idle.tool
    }
    const tool = new Tool(this.#command())
    this.#all.add(tool)
    void tool.exited.then(() => this.#all.delete(tool))
    return tool
  }

  #giveBack(tool: Tool): void {
    if (tool.dead) return
    if (this.#options.idleSeconds === 0 || residentBytes(tool.pid) > this.#options.maxIdleBytes) {
      tool.kill()
      return
    }
    const timer = setTimeout(() => tool.kill(), this.#options.idleSeconds * 1000)
    timer.unref()
    this.#idle.push({ tool, timer })
  }
}

/** Memory a process holds, where the system tells (Linux); 0 elsewhere. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}
